import { expect } from "vitest";
import type { Model } from "../../hack/demo/objects.ts";
import { say } from "../../hack/lib/progress.ts";
import { type Load, summary, underLoad } from "./load.ts";
import { type Scene, status, workloadOf } from "./scene.ts";

/** Runs of candidates that are other builds of one model, under load. */

const MINUTE = 60_000;
const REQUESTS_PER_SECOND = 150;
/** Seen to last up to 40 ms under load on two cores (bench/takeover). */
const MOMENT_MS = 250;

/** Requests as long as `work` takes, of which none may be lost. */
export async function lossless(scene: Scene, work: () => Promise<unknown>): Promise<Load> {
  const load = await loaded(scene, work);
  expect(load.failures).toEqual([]);
  return load;
}

/**
 * Requests as long as `work` takes, in which the backends of a rule get their first filters, or lose the last one. Envoy
 * Gateway then gives its clusters other names, and Envoy knows the new ones a moment late, or forgets the old ones early.
 */
export async function losingAMoment(scene: Scene, work: () => Promise<unknown>): Promise<Load> {
  const load = await loaded(scene, work);
  const lost = load.failures.map(({ startedAt }) => startedAt);
  expect(load.failures.filter(({ words }) => !["500 ", "503 "].includes(words))).toEqual([]);
  expect(Math.max(...lost) - Math.min(...lost)).toBeLessThan(MOMENT_MS);
  return load;
}

async function loaded({ cluster, host }: Scene, work: () => Promise<unknown>): Promise<Load> {
  const load = await underLoad(cluster.gatewayUrl, host, work);
  say(`  ${summary(load)}`);
  expect(load.answers.length / load.seconds).toBeGreaterThan(REQUESTS_PER_SECOND);
  return load;
}

export interface Pair {
  readonly stable: string;
  readonly candidate: string;
}

/** Another build in Git, and the wait until answers through the gateway show that it serves half of all requests. */
export async function halfWay(scene: Scene, base: Model, build: string): Promise<Pair> {
  const before = await status(scene, MINUTE, ({ lastRun }) => lastRun?.time ?? "none");
  await scene.workspace.apply(workloadOf(scene, base, build));
  return status(scene, 5 * MINUTE, ({ stable, candidate, step, weights, lastRun }) => {
    const isHalf = step?.name === "half" && weights?.since !== undefined && weights.verified === weights.desired;
    const isNew = (lastRun?.time ?? "none") === before;
    return isNew && isHalf && stable && candidate
      ? { stable: stable.revision, candidate: candidate.revision }
      : undefined;
  });
}

export async function ended(scene: Scene, revision: string, outcome: "Promoted" | "RolledBack"): Promise<void> {
  await status(scene, 3 * MINUTE, ({ lastRun, candidate, phase }) => {
    const isOver = candidate === undefined && phase === outcome;
    return isOver && lastRun?.revision === revision && lastRun.outcome === outcome ? lastRun : undefined;
  });
}
