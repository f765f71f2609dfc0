import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureBinaries } from "../../hack/tools/binaries.ts";
import { freePorts } from "./ports.ts";
import { request } from "./request.ts";
import { type Server, startServer } from "./server.ts";

const readyWithinMs = 60_000;
const pollMs = 100;

/** A user beside the administrator, who has no rights but those that a test's RBAC rules give. */
export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** A real API server with its etcd. There are no controllers: nothing is garbage-collected and no pod runs. */
export interface ControlPlane {
  readonly url: string;
  /** The certificate authority of the server, PEM. */
  readonly ca: string;
  readonly adminToken: string;
  /** A file with one context a user; the current one is that of the administrator, `admin`. */
  readonly kubeconfig: string;
  /** etcd's client URL, for faults such as a compaction. */
  readonly etcdUrl: string;
  token(user: string): string;
  /** Kills the API server as a crash would; etcd keeps its data. */
  killApiServer(): Promise<void>;
  /** Starts it again at the same address. */
  startApiServer(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts etcd and kube-apiserver on loopback, with all they write in one temporary folder. Needs no root. */
export async function startControlPlane(users: readonly User[] = []): Promise<ControlPlane> {
  const programs = await ensureBinaries(["etcd", "kube-apiserver"]);
  const folder = mkdtempSync(join(tmpdir(), "dpo-control-plane-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const url = `https://127.0.0.1:${port}`;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const tokens = writeTokens(folder, users);
  const adminToken = tokens.get("admin") ?? "";
  writeServiceAccountKeys(folder);

  const etcd = startServer(programs.etcd, etcdFlags(folder, etcdUrl, peerPort), join(folder, "etcd.log"));
  const startApiServer = (): Server =>
    startServer(programs["kube-apiserver"], apiServerFlags(folder, port, etcdUrl), join(folder, "kube-apiserver.log"));
  let apiServer = startApiServer();
  const stop = async (): Promise<void> => {
    await Promise.all([apiServer.kill(), etcd.kill()]);
    rmSync(folder, { recursive: true, force: true });
  };
  const whenReady = (): Promise<void> => Promise.race([ready(folder, url, adminToken), apiServer.ended, etcd.ended]);
  try {
    await whenReady();
  } catch (error) {
    await stop();
    throw error;
  }
  const ca = readCa(folder);
  return {
    url,
    ca,
    adminToken,
    etcdUrl,
    kubeconfig: writeKubeconfig(folder, url, ca, tokens),
    token(user) {
      const token = tokens.get(user);
      if (token === undefined) throw new Error(`no user ${user}: startControlPlane was given ${[...tokens.keys()]}`);
      return token;
    },
    killApiServer: () => apiServer.kill(),
    async startApiServer() {
      apiServer = startApiServer();
      await whenReady();
    },
    stop,
  };
}

function etcdFlags(folder: string, clientUrl: string, peerPort: number): string[] {
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // The data is thrown away at the end: it need not survive a power cut.
    "--unsafe-no-fsync",
  ];
}

function apiServerFlags(folder: string, port: number, etcdUrl: string): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    // The server makes a certificate and its authority there at its first start.
    `--cert-dir=${folder}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${join(folder, "service-account.pub")}`,
    `--service-account-signing-key-file=${join(folder, "service-account.key")}`,
    // It asks that a pod's ServiceAccount exists, and the controller that makes the default ones does not run.
    "--disable-admission-plugins=ServiceAccount",
    "--service-cluster-ip-range=10.0.0.0/24",
    "--endpoint-reconciler-type=none",
  ];
}

async function ready(folder: string, url: string, token: string): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  let last = "no answer";
  while (performance.now() < deadline) {
    try {
      const { status, body } = await request({ url, ca: readCa(folder), token }, "GET", "/readyz");
      if (status === 200) return;
      last = body;
    } catch (error) {
      last = String(error);
    }
    await sleep(pollMs);
  }
  throw new Error(`kube-apiserver is not ready after ${readyWithinMs / 1000} s: ${last}`);
}

function readCa(folder: string): string {
  return readFileSync(join(folder, "apiserver.crt"), "utf8");
}

function writeTokens(folder: string, users: readonly User[]): Map<string, string> {
  const all = [{ name: "admin", groups: ["system:masters"] }, ...users];
  const tokens = new Map(all.map(({ name }) => [name, randomUUID()]));
  const lines = all.map(({ name, groups = [] }) => `${tokens.get(name)},${name},${name},"${groups.join(",")}"`);
  writeFileSync(join(folder, "tokens.csv"), `${lines.join("\n")}\n`, { mode: 0o600 });
  return tokens;
}

function writeServiceAccountKeys(folder: string): void {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  writeFileSync(join(folder, "service-account.pub"), publicKey);
  writeFileSync(join(folder, "service-account.key"), privateKey, { mode: 0o600 });
}

/** JSON, which is YAML. */
function writeKubeconfig(folder: string, url: string, ca: string, tokens: ReadonlyMap<string, string>): string {
  const file = join(folder, "kubeconfig");
  const names = [...tokens.keys()];
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "test", cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: names.map((name) => ({ name, user: { token: tokens.get(name) } })),
    contexts: names.map((name) => ({ name, context: { cluster: "test", user: name } })),
    "current-context": "admin",
  };
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  return file;
}
