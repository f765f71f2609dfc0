import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../lib/run.ts";
import { removal } from "./firewall.ts";
import { writeWhole } from "./write-whole.ts";

/** What dockerd, kubelet and kind change on the machine, as it was before them. */
interface HostState {
  readonly boot: string;
  readonly iptables: string;
  readonly ip6tables: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

/** dockerd turns forwarding on; a kubelet in a privileged container sets the others. */
const SETTINGS = [
  "net/ipv4/ip_forward",
  "net/ipv6/conf/all/forwarding",
  "net/ipv6/conf/default/forwarding",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
  "vm/overcommit_memory",
];

const CGROUPS = "/sys/fs/cgroup";

/** An empty folder that a bind mount of kind's leaves, a key that dockerd writes and nothing uses, and empty cgroups. */
function leftovers(): string[] {
  // cgroup v1 has a tree for each controller.
  const trees = readdirSync(CGROUPS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const parents = ["", ...trees.map((tree) => tree.name)].map((tree) => join(CGROUPS, tree, "docker"));
  return ["/lib/modules", "/etc/docker/key.json", ...parents];
}

/** Writes down the state once a boot: what is found later is no longer the state before us. */
export async function rememberHost(file: string): Promise<void> {
  if (existsSync(file) && read(file).boot === bootId()) return;
  const state: HostState = {
    boot: bootId(),
    iptables: await run("iptables-save", []),
    ip6tables: await run("ip6tables-save", []),
    settings: Object.fromEntries(
      SETTINGS.filter((name) => existsSync(setting(name))).map((name) => [name, value(name)]),
    ),
    missing: leftovers().filter((path) => !existsSync(path)),
  };
  writeWhole(file, JSON.stringify(state, null, 2));
}

export async function restoreHost(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const state = read(file);
  await restoreFirewall("iptables", state.iptables);
  await restoreFirewall("ip6tables", state.ip6tables);
  await removeBridges();
  if (state.boot === bootId()) {
    for (const [name, before] of Object.entries(state.settings)) {
      if (value(name) !== before) writeFileSync(setting(name), before);
    }
  }
  for (const path of state.missing) {
    if (path.startsWith(CGROUPS)) removeCgroup(path);
    else removeLeftover(path);
  }
  rmSync(file);
}

async function restoreFirewall(tool: "iptables" | "ip6tables", before: string): Promise<void> {
  const input = removal(before, await run(`${tool}-save`, []));
  if (input !== "") await run(`${tool}-restore`, ["--noflush"], { input });
}

/** Bridges of networks go with their networks; docker0 stays when dockerd ends. */
async function removeBridges(): Promise<void> {
  if (existsSync("/sys/class/net/docker0")) await run("ip", ["link", "delete", "docker0"]);
}

/** A cgroup goes by rmdir, children first; one that holds a process stays. */
function removeCgroup(cgroup: string): void {
  if (!existsSync(cgroup)) return;
  for (const entry of readdirSync(cgroup, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(cgroup, entry.name));
  }
  removeLeftover(cgroup);
}

function removeLeftover(path: string): void {
  try {
    if (statSync(path).isDirectory()) rmdirSync(path);
    else rmSync(path);
  } catch {
    // Not there, or no longer empty: then it has become somebody else's.
  }
}

function read(file: string): HostState {
  return JSON.parse(readFileSync(file, "utf8")) as HostState;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function setting(name: string): string {
  return join("/proc/sys", name);
}

function value(name: string): string {
  return readFileSync(setting(name), "utf8").trim();
}
