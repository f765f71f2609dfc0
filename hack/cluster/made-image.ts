import { createHash } from "node:crypto";
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../lib/cache.ts";
import { withLock } from "../lib/lock.ts";
import { step } from "../lib/progress.ts";
import { type Docker, docker } from "./docker.ts";
import { buildImage, labelOf } from "./images.ts";

const WORK = join(cacheDir(), "work");

/** Holds a digest of all that went into an image made here. */
export const MADE_OF = "dpo.dev/made-of";

/** An image made on the spot, under the name that it has in its registry. */
export interface Recipe {
  readonly tag: string;
  /** All that its content depends on besides the Dockerfile: names with versions. */
  readonly inputs: readonly string[];
  readonly dockerfile: string;
  /** Lays out the folder that the Dockerfile copies. */
  readonly fill: (context: string) => void | Promise<void>;
}

export async function ensureMade(daemon: Docker, recipe: Recipe): Promise<void> {
  const madeOf = digestOf([recipe.dockerfile, ...recipe.inputs]);
  if (await isThere(daemon, recipe.tag, madeOf)) return;
  await step(`image ${recipe.tag} made here`, () =>
    withWorkFolder(async (folder) => {
      const context = join(folder, "context");
      const dockerfile = join(folder, "Dockerfile");
      mkdirSync(context);
      writeFileSync(dockerfile, recipe.dockerfile);
      await recipe.fill(context);
      await buildImage(daemon, { tag: recipe.tag, context, dockerfile, labels: { [MADE_OF]: madeOf } });
    }),
  );
}

/** An image of the same name without our label was pulled: it is the real one and is kept. */
export async function isThere(daemon: Docker, tag: string, madeOf: string): Promise<boolean> {
  const label = await labelOf(daemon, tag, MADE_OF);
  return label === madeOf || label === "";
}

/** Removes an image that is no longer needed, unless it was pulled. */
export async function removeMade(daemon: Docker, tag: string): Promise<void> {
  if (await labelOf(daemon, tag, MADE_OF)) await docker(daemon, "rmi", tag);
}

/** A folder in the cache, beside the binaries, so that these can be linked. */
export async function withWorkFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(WORK, { recursive: true });
  const folder = mkdtempSync(join(WORK, "image-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One process a machine makes images, so that none is made twice; what it finds of another one was interrupted. */
export function withImageLock<T>(work: () => Promise<T>): Promise<T> {
  return withLock("images", () => {
    rmSync(WORK, { recursive: true, force: true });
    return work();
  });
}

/** A recipe for one static program and nothing else. */
export function staticBinary(tag: string, binary: string, target: string, ...instructions: string[]): Recipe {
  const dockerfile = ["FROM scratch", "COPY . /", "ENV PATH=/usr/local/bin:/usr/bin:/bin", ...instructions, ""].join(
    "\n",
  );
  return { tag, inputs: [binary, target], dockerfile, fill: (context) => place(binary, join(context, target)) };
}

/** Puts a file into a context, without copying its bytes where the file system lets us. */
export function place(file: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  try {
    linkSync(file, target);
  } catch {
    copyFileSync(file, target);
  }
}

export function digestOf(inputs: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
}
