import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/**
 * node hack/bundle.ts ENTRY OUTDIR [EXTERNAL…]: one program as plain JavaScript. Code that only one role imports
 * dynamically lands in a chunk of its own, so that the other roles neither read nor keep it.
 */
const [entry, outdir, ...external] = process.argv.slice(2);
if (entry === undefined || outdir === undefined) throw new Error("usage: node hack/bundle.ts ENTRY OUTDIR [EXTERNAL…]");

const undiciInPart: Plugin = {
  name: "undici in part",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^undici$/ }, () => ({ path: join(import.meta.dirname, "undici.cjs") })),
};

await build({
  entryPoints: [entry],
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // Names stay as they are, in logs and stack traces; kept by keepNames every closure would cost 250 bytes for its own.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  external: ["@duckdb/*", "pino-pretty", ...external],
  plugins: [undiciInPart],
  // CommonJS dependencies inside an ES module bundle still call require.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
});
