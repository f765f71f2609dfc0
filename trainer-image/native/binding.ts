import { execFile } from "node:child_process";
import { access, copyFile, cp, mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

/** Part of the cache key: another TensorFlow or binding is another folder. */
export const BINDING_VERSION = "tfjs-node-4.22.0-tensorflow-2.15.1-napi-v8";

/**
 * tfjs-node's own install script downloads libtensorflow from a bucket, which proxies and air-gapped networks lack.
 * The same library is in TensorFlow's wheel, so the binding is built against that; only package registries are asked.
 *
 * Makes `target` = {lib/napi-v8/tfjs_binding.node, deps/lib/libtensorflow*.so.2}, the layout the binding's rpath expects.
 */
export async function buildBinding(target: string): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `the native TensorFlow binding is built on linux/x64 only, this is ${process.platform}/${process.arch}`,
    );
  }
  await mkdir(dirname(target), { recursive: true });
  const work = await mkdtemp(`${target}.tmp-`);
  try {
    await unpackTensorflow(work);
    await compile(work);
    await keepRuntime(work, join(work, "runtime"));
    await rm(target, { recursive: true, force: true });
    await rename(join(work, "runtime"), target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpackTensorflow(work: string): Promise<void> {
  await run("python3", [
    ...["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"],
    ...["--python-version", "311", "--platform", "manylinux2014_x86_64", "--dest", work],
    ...["--requirement", join(here, "tensorflow.txt")],
  ]);
  await run("python3", [join(here, "unpack.py"), work]);
}

/** node-gyp builds in a copy of the package, so that node_modules stays as the lockfile made it. */
async function compile(work: string): Promise<void> {
  const source = dirname(require.resolve("@tensorflow/tfjs-node/package.json"));
  const addon = join(work, "package");
  await cp(join(source, "binding"), join(addon, "binding"), { recursive: true });
  await copyFile(join(source, "binding.gyp"), join(addon, "binding.gyp"));
  await copyFile(join(source, "package.json"), join(addon, "package.json"));
  await mkdir(join(addon, "deps"));
  await rename(join(work, "tensorflow", "include"), join(addon, "deps", "include"));
  await rename(join(work, "tensorflow", "lib"), join(addon, "deps", "lib"));
  await symlink("libtensorflow_cc.so.2", join(addon, "deps", "lib", "libtensorflow.so"));
  await symlink("libtensorflow_framework.so.2", join(addon, "deps", "lib", "libtensorflow_framework.so"));
  await run(
    process.execPath,
    [
      ...[require.resolve("node-gyp/bin/node-gyp.js"), "rebuild", `--nodedir=${await nodeHeaders()}`, "--"],
      ...["-Dmodule_name=tfjs_binding", `-Dmodule_path=${join(addon, "lib", "napi-v8")}`, "-Dnapi_build_version=8"],
    ],
    { cwd: addon, maxBuffer: 64 * 1024 * 1024 },
  );
}

/** The folder that has include/node; beside Node itself in every official build, the npm package included. */
async function nodeHeaders(): Promise<string> {
  const root = process.env.NODE_HEADERS ?? resolve(dirname(process.execPath), "..");
  await access(join(root, "include", "node", "node_api.h")).catch(() => {
    throw new Error(`no Node headers in ${root}/include/node: set NODE_HEADERS to a folder that has include/node`);
  });
  return root;
}

async function keepRuntime(work: string, runtime: string): Promise<void> {
  const addon = join(work, "package");
  const lib = join(runtime, "deps", "lib");
  await mkdir(lib, { recursive: true });
  await cp(join(addon, "lib"), join(runtime, "lib"), { recursive: true });
  for (const name of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]) {
    // symbols are a quarter of the 614 MB and nothing at run time reads them
    await run("strip", ["--strip-unneeded", "-o", join(lib, name), join(addon, "deps", "lib", name)]);
  }
}

if (import.meta.main) {
  const [target] = process.argv.slice(2);
  if (target === undefined) throw new Error("usage: node trainer-image/native/binding.ts TARGET");
  await buildBinding(resolve(target));
}
