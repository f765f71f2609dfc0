import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { step } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { type Docker, docker } from "./docker.ts";
import { digestOf, ensureMade, isThere, MADE_OF, place, withWorkFolder } from "./made-image.ts";
import { makeRootfs } from "./rootfs.ts";

export const DEBIAN_IMAGE = "debian:bookworm-slim";
const NODE_IMAGE = "node:24-bookworm-slim";
const NPM = "npm@11.21.2";

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const LOCAL_CERTIFICATES = "/usr/local/share/ca-certificates";

/** What the Dockerfiles of this repository start from, where it cannot be pulled. */
export async function ensureBaseImages(daemon: Docker): Promise<void> {
  await ensureDebianImage(daemon);
  await ensureNodeImage(daemon);
}

/**
 * Debian with the certificates that this machine trusts: where registries are reached through a proxy with a CA of
 * its own, RUN steps must trust it as well, and each program has its own way to be told.
 */
async function ensureDebianImage(daemon: Docker): Promise<void> {
  const packages = ["ca-certificates", "libstdc++6"];
  const hooks = [
    ...(existsSync(LOCAL_CERTIFICATES) ? [`copy-in ${LOCAL_CERTIFICATES} ${dirname(LOCAL_CERTIFICATES)}`] : []),
    ...(existsSync(CERTIFICATES) ? [`upload ${CERTIFICATES} ${CERTIFICATES}`] : []),
  ];
  const environment = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT"].map((name) => `ENV ${name}=${CERTIFICATES}`);
  const madeOf = digestOf([...packages, ...hooks, ...environment]);
  if (await isThere(daemon, DEBIAN_IMAGE, madeOf)) return;
  const changes = [...environment, `LABEL ${MADE_OF}=${madeOf}`, 'CMD ["bash"]'].flatMap((line) => ["--change", line]);
  await step(`image ${DEBIAN_IMAGE} made here`, () =>
    withWorkFolder(async (folder) => {
      const tar = join(folder, "root.tar");
      await makeRootfs(tar, { packages, hooks });
      await docker(daemon, "import", ...changes, tar, DEBIAN_IMAGE);
    }),
  );
}

/** The Node that runs this, its headers for node-gyp, and npm, where the official image has them. */
async function ensureNodeImage(daemon: Docker): Promise<void> {
  await ensureMade(daemon, {
    tag: NODE_IMAGE,
    inputs: [process.version, NPM],
    dockerfile: [
      `FROM ${DEBIAN_IMAGE}`,
      "COPY . /usr/local/",
      "RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node",
      'CMD ["node"]',
      "",
    ].join("\n"),
    fill: async (context) => {
      place(process.execPath, join(context, "bin/node"));
      const headers = join(dirname(process.execPath), "../include/node");
      if (existsSync(headers)) await cp(headers, join(context, "include/node"), { recursive: true });
      await run("npm", ["install", "--global", "--ignore-scripts", "--prefix", context, NPM]);
    },
  });
}
