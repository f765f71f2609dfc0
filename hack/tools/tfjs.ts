import { existsSync } from "node:fs";
import { lstat, readlink, rm, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BINDING_VERSION, buildBinding } from "../../trainer-image/native/binding.ts";
import { ensure } from "../lib/cache.ts";
import { step } from "../lib/progress.ts";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * Native TensorFlow for runs of the trainer outside its image: built once into the user's cache (about 20 s),
 * then linked into node_modules, where tfjs-node looks for it. Returns the folder in the cache.
 */
export async function ensureNativeTfjs(): Promise<string> {
  const folder = await ensure(BINDING_VERSION, (partial) =>
    step("build the native TensorFlow binding", () => buildBinding(partial)),
  );
  await link(join(folder, "lib"), join(root, "node_modules", "@tensorflow", "tfjs-node", "lib"));
  return folder;
}

async function link(target: string, path: string): Promise<void> {
  if (!existsSync(dirname(path))) throw new Error(`${dirname(path)} is not installed: run npm ci first`);
  if ((await readlink(path).catch(() => undefined)) === target) return;
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined) await rm(path, { recursive: true });
  await symlink(target, path);
}

if (import.meta.main) console.log(await ensureNativeTfjs());
