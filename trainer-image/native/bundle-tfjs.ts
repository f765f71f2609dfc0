import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * node bundle-tfjs.ts TARGET: tfjs-node and the 60 packages behind it as one file, in a folder that has the native
 * binding already. The image needs none of what tfjs-node uses to download and install itself.
 */
const [target] = process.argv.slice(2);
if (target === undefined) throw new Error("usage: node trainer-image/native/bundle-tfjs.ts TARGET");

await build({
  entryPoints: [createRequire(import.meta.url).resolve("@tensorflow/tfjs-node")],
  outfile: join(resolve(target), "dist", "index.js"),
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node24",
  minify: true,
  keepNames: true,
  legalComments: "none",
  alias: { "@mapbox/node-pre-gyp": join(dirname(fileURLToPath(import.meta.url)), "find-binding.cjs") },
});
await mkdir(target, { recursive: true });
await writeFile(
  join(target, "package.json"),
  JSON.stringify({ name: "@tensorflow/tfjs-node", type: "commonjs", main: "dist/index.js" }),
);
