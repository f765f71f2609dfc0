import { generateKeyPairSync, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";

/** A user beside the administrator, who has no rights but those that a test's RBAC rules give. */
export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** Writes the API server's token file and returns the tokens by user; the administrator is called `admin`. */
export function writeTokens(file: string, users: readonly User[]): Map<string, string> {
  const all = [{ name: "admin", groups: ["system:masters"] }, ...users];
  const tokens = new Map(all.map(({ name }) => [name, randomUUID()]));
  const lines = all.map(({ name, groups = [] }) => `${tokens.get(name)},${name},${name},"${groups.join(",")}"`);
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return tokens;
}

/** Writes the key pair with which the API server signs and checks the tokens of ServiceAccounts. */
export function writeServiceAccountKeys(privateFile: string, publicFile: string): void {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  writeFileSync(publicFile, publicKey);
  writeFileSync(privateFile, privateKey, { mode: 0o600 });
}

/** Writes a kubeconfig with one context a user, in JSON, which is YAML. */
export function writeKubeconfig(file: string, url: string, ca: string, tokens: ReadonlyMap<string, string>): void {
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
}
