import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onInterrupt } from "../../hack/lib/interrupt.ts";
import { ensureBinaries } from "../../hack/tools/binaries.ts";
import { type User, writeKubeconfig, writeServiceAccountKeys, writeTokens } from "./credentials.ts";
import { apiServerFlags, etcdFlags, files, type Ports } from "./flags.ts";
import { freePorts } from "./ports.ts";
import { request } from "./request.ts";
import { removeScratch, scratchFolder } from "./scratch.ts";
import { type Server, startServer } from "./server.ts";

const readyWithinMs = 60_000;
const pollMs = 100;

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
  /** The token of one of the users that startControlPlane was given. */
  token(user: string): string;
  /** Kills the API server as a crash would; etcd keeps its data. */
  killApiServer(): Promise<void>;
  /** Starts it again at the same address. */
  startApiServer(): Promise<void>;
  stop(): Promise<void>;
}

type Addresses = Pick<ControlPlane, "url" | "ca" | "adminToken" | "kubeconfig" | "etcdUrl">;

/** Starts etcd and kube-apiserver on loopback, with all they write in one temporary folder. Needs no root. */
export async function startControlPlane(users: readonly User[] = []): Promise<ControlPlane> {
  const programs = await ensureBinaries(["etcd", "kube-apiserver"]);
  const folder = scratchFolder();
  const [apiServerPort = 0, etcdClient = 0, etcdPeer = 0] = await freePorts(3);
  const ports = { apiServer: apiServerPort, etcdClient, etcdPeer };
  const tokens = writeTokens(join(folder, files.tokens), users);
  writeServiceAccountKeys(join(folder, files.serviceAccountKey), join(folder, files.serviceAccountPublicKey));

  const etcd = startServer(programs.etcd, etcdFlags(folder, ports), join(folder, "etcd.log"));
  const startApiServer = (): Server =>
    startServer(programs["kube-apiserver"], apiServerFlags(folder, ports), join(folder, "kube-apiserver.log"));
  let apiServer = startApiServer();
  const stop = stopper(folder, () => [apiServer, etcd]);
  const whenReady = (): Promise<void> => untilReady(folder, ports, tokenOf(tokens, "admin"), [apiServer, etcd]);
  try {
    await whenReady();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...addresses(folder, ports, tokens),
    token: (user) => tokenOf(tokens, user),
    killApiServer: () => apiServer.kill(),
    async startApiServer() {
      apiServer = startApiServer();
      await whenReady();
    },
    stop,
  };
}

function addresses(folder: string, ports: Ports, tokens: ReadonlyMap<string, string>): Addresses {
  const url = urlOf(ports);
  const ca = readCa(folder);
  const kubeconfig = join(folder, files.kubeconfig);
  writeKubeconfig(kubeconfig, url, ca, tokens);
  return { url, ca, kubeconfig, adminToken: tokenOf(tokens, "admin"), etcdUrl: `http://127.0.0.1:${ports.etcdClient}` };
}

/** Returns what stops the servers, and has them stopped as well when this process ends before it is called. */
function stopper(folder: string, servers: () => readonly Server[]): () => Promise<void> {
  const stopNow = (): void => {
    for (const server of servers()) server.killNow();
    removeScratch(folder);
  };
  process.once("exit", stopNow);
  const forget = onInterrupt(stopNow);
  return async () => {
    await Promise.all(servers().map((server) => server.kill()));
    process.off("exit", stopNow);
    forget();
    removeScratch(folder);
  };
}

async function untilReady(folder: string, ports: Ports, token: string, servers: readonly Server[]): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([answersReady(folder, ports, token, settled.signal), ...servers.map(({ ended }) => ended)]);
  } finally {
    settled.abort();
  }
}

async function answersReady(folder: string, ports: Ports, token: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  let last = "";
  while (performance.now() < deadline) {
    try {
      const { status, body } = await request({ url: urlOf(ports), ca: readCa(folder), token }, "GET", "/readyz");
      if (status === 200) return;
      last = body;
    } catch (error) {
      last = String(error);
    }
    await sleep(pollMs, undefined, { signal });
  }
  throw new Error(`kube-apiserver is not ready after ${readyWithinMs / 1000} s: ${last}`);
}

function urlOf(ports: Ports): string {
  return `https://127.0.0.1:${ports.apiServer}`;
}

function readCa(folder: string): string {
  return readFileSync(join(folder, files.certificate), "utf8");
}

function tokenOf(tokens: ReadonlyMap<string, string>, user: string): string {
  const token = tokens.get(user);
  if (token === undefined) throw new Error(`there is no user ${user}, only ${[...tokens.keys()].join(", ")}`);
  return token;
}
