// node hack/bootstrap.mjs SCRIPT.ts [arguments]
//
// Runs a TypeScript file of this repository from a bare clone. It needs nothing but Node 20 and npm: Node 24 comes
// from npm into the cache folder, the dependencies by lockfile into node_modules. What is there already is used.
// What it says on the way goes to stderr: stdout is the script's own.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { constants, homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const oldestNode = 24;
const here = dirname(fileURLToPath(import.meta.url));
const [script, ...args] = process.argv.slice(2);

if (script === undefined) {
  fail("which script? Usage: node hack/bootstrap.mjs SCRIPT.ts [arguments]");
} else if (Number(process.versions.node.split(".")[0]) >= oldestNode) {
  await launch(resolve(script));
} else {
  await ensureNode().then(runAgainWith, (error) => fail(error.message));
}

/** The running Node is new enough: the rest is TypeScript, in this same process. */
async function launch(path) {
  process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  process.argv = [process.execPath, path, ...args];
  const { explain } = await import("./lib/explain.ts");
  try {
    const { ensureDependencies } = await import("./lib/dependencies.ts");
    const { showProgressOn } = await import("./lib/progress.ts");
    showProgressOn("stderr");
    await ensureDependencies(dirname(here));
    showProgressOn("stdout");
    await import(pathToFileURL(path).href);
  } catch (error) {
    fail(explain(error));
  }
}

/** Returns the path of Node 24 in the cache folder, which `npm ci` puts there the first time, pinned by node/package-lock.json. */
async function ensureNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const version = JSON.parse(readFileSync(join(here, "node/package.json"), "utf8")).optionalDependencies[name];
  if (version === undefined)
    throw new Error(
      `Node ${oldestNode} or newer is needed, this is ${process.version}: install it from https://nodejs.org`,
    );
  const folder = join(
    process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
    "dpo-operator/node",
    `${name}-${version}`,
  );
  const node = join(folder, "node_modules", name, "bin/node");
  if (!existsSync(node)) await installNode(folder, `install Node ${version} (npm package ${name})`);
  if (!existsSync(node)) throw new Error(`npm has not installed ${name} ${version}: is ${folder} writable?`);
  return node;
}

/** Installs beside the folder and renames at the end: an interrupted or a simultaneous install does no harm. */
async function installNode(folder, title) {
  removeLeftovers(folder);
  const partial = `${folder}.${process.pid}.partial`;
  mkdirSync(partial, { recursive: true });
  await cp(join(here, "node"), partial, { recursive: true });
  await npm(partial, title);
  try {
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

function removeLeftovers(folder) {
  if (!existsSync(dirname(folder))) return;
  for (const entry of readdirSync(dirname(folder))) {
    const owner = /\.(\d+)\.partial$/.exec(entry);
    if (owner && !isRunning(Number(owner[1]))) rmSync(join(dirname(folder), entry), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function npm(cwd, title) {
  const since = Date.now();
  const elapsed = () => `${((Date.now() - since) / 1000).toFixed(1)} s`;
  console.error(`… ${title}`);
  const ticker = setInterval(() => console.error(`… ${title} ${elapsed()}`), 10_000);
  const child = spawn("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    stdio: ["ignore", "ignore", "inherit"],
  });
  await new Promise((done, reject) => {
    child.once("error", () => reject(new Error("npm is missing: install it, on Debian with `apt-get install npm`.")));
    child.once("close", (code) =>
      code === 0
        ? done()
        : reject(new Error(`could not ${title}: run \`npm ci\` in ${join(here, "node")} and see why.`)),
    );
  }).finally(() => clearInterval(ticker));
  console.error(`✓ ${title} ${elapsed()}`);
}

/** Node cannot replace itself by another program (exec), so this process stays in between and passes signals on. */
function runAgainWith(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  const pass = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, pass);
  child.once("close", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
