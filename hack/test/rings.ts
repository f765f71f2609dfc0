import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { step } from "../lib/progress.ts";
import { CommandError, run } from "../lib/run.ts";
import { ensureBinaries } from "../tools/binaries.ts";
import { ensureChromium } from "../tools/chromium.ts";
import { ensurePrometheus } from "../tools/prometheus.ts";
import { type Outcome, readReport, sum } from "./outcome.ts";
import { lackForCluster } from "./requirements.ts";

const root = join(import.meta.dirname, "..", "..");
const bin = join(root, "node_modules", ".bin");
const reports = join(root, ".run", "test");

export const ringNames = ["static", "unit", "integration", "e2e"] as const;
export type RingName = (typeof ringNames)[number];

export interface Ring {
  readonly title: string;
  /** What this machine lacks to run the ring, in a sentence. */
  lack(): Promise<string | undefined>;
  run(): Promise<Outcome>;
}

/** The rings in the order in which they run: the quickest answers first. A ring that is not built yet is absent. */
export function rings(): Partial<Record<RingName, Ring>> {
  return {
    static: { title: "static checks", lack: nothing, run: staticChecks },
    unit: { title: "unit tests", lack: nothing, run: () => vitest("unit") },
    integration: { title: "integration tests", lack: lackForControlPlane, run: () => vitest("integration") },
    ...(existsSync(join(root, "test", "e2e")) && {
      e2e: { title: "end-to-end tests", lack: lackForCluster, run: () => vitest("e2e") },
    }),
  };
}

async function staticChecks(): Promise<Outcome> {
  return sum([
    await check("type check (tsc)", "tsc", ["--noEmit"]),
    await check("type check of the rating page (tsc)", "tsc", ["--noEmit", "-p", "src/collector/rating-page"]),
    await check("formatter and linter (biome)", "biome", ["check", "--error-on-warnings"]),
  ]);
}

async function check(title: string, command: string, args: readonly string[]): Promise<Outcome> {
  return passOrFail(title, () => step(title, () => run(join(bin, command), args, { cwd: root, show: true })));
}

async function vitest(project: string): Promise<Outcome> {
  const report = join(reports, `${project}.json`);
  mkdirSync(reports, { recursive: true });
  // What an earlier run left is not what this one found.
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const outcome = await passOrFail(`vitest --project ${project}`, () =>
    run(join(bin, "vitest"), ["run", "--project", project, ...reporters], { cwd: root, show: true }),
  );
  const found = readReport(report);
  return outcome.failed > 0 && found.failed === 0 ? { ...found, failed: 1, failures: outcome.failures } : found;
}

/** A command that fails has shown why itself. */
async function passOrFail(title: string, command: () => Promise<unknown>): Promise<Outcome> {
  try {
    await command();
    return { passed: 1, failed: 0, skipped: 0, failures: [] };
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === null) throw error;
    return { passed: 0, failed: 1, skipped: 0, failures: [title] };
  }
}

async function nothing(): Promise<undefined> {}

/** The servers are built here, where their progress is seen, and not in the middle of the tests. */
async function lackForControlPlane(): Promise<string | undefined> {
  try {
    await ensureBinaries(["etcd", "kube-apiserver", "kubectl"]);
    // The few tests that need a browser or a Prometheus say themselves what they lack.
    await ensureChromium().catch(() => undefined);
    await ensurePrometheus().catch(() => undefined);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
