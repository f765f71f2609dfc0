import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import type { CanaryStage } from "./canary-stage.ts";
import { type Death, deathsAt, eachDeath, startToDie } from "./dying-process.ts";
import { endState } from "./end-state.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

/** One life of a few seconds for each write. */
const MATRIX_MS = 20 * 60_000;
const LIFE_LIMIT_MS = 60_000;

const STEPS = [
  { name: "shadow", weight: 0 },
  { name: "half", weight: 50 },
];

const setStage = useCanaryStages();

/** From nothing to the last step. */
async function begin(canary: CanaryStage): Promise<void> {
  await canary.until("idle", ({ status }) => status?.phase === "Idle", LIFE_LIMIT_MS);
  await canary.createJob("next", "b");
  const isLast = (status: { step?: { name: string }; weights?: { since?: string } } | undefined) =>
    status?.step?.name === "half" && status.weights?.since !== undefined;
  await canary.until("in its last step", ({ status }) => isLast(status), LIFE_LIMIT_MS);
}

/** To the end of the run, which is a promotion or a rollback as the raters will. */
async function finish(canary: CanaryStage, outcome: 0 | 1): Promise<void> {
  await canary.compare(outcome, 40);
  const phase = outcome === 1 ? "Promoted" : "RolledBack";
  await canary.until(phase, ({ status }) => status?.phase === phase, LIFE_LIMIT_MS);
  const isArchived = (status: { lastRun?: { archive?: unknown }; archiving?: unknown } | undefined) =>
    status?.lastRun?.archive !== undefined && status.archiving === undefined;
  await canary.until("archived", ({ status }) => isArchived(status), LIFE_LIMIT_MS);
}

async function live(outcome: 0 | 1, death?: Death) {
  const canary = await setStage({ isConfined: true });
  try {
    await canary.applyWorkload();
    // The candidate has one pod at first, three in its last step, and four before it gets everything.
    await canary.createCanary({ steps: STEPS, replicas: 4 });
    const { writes, restarted } = await startToDie(canary, death);
    await begin(canary);
    const common = writes.length;
    await finish(canary, outcome);
    await restarted();
    const end: Readonly<Record<string, unknown>> = { faults: canary.faults(), ...(await endState(canary)) };
    return { end, deaths: deathsAt(writes), common };
  } finally {
    await canary.close();
  }
}

type Ended = Awaited<ReturnType<typeof live>>;

/** Each write of a life is died at on both sides, but for those that a life with another outcome has as well. */
async function expectSameEnd(outcome: 0 | 1, begins: (reference: Ended) => number): Promise<void> {
  const reference = await live(outcome);
  expect(reference.end.faults).toEqual([]);
  const deaths = reference.deaths.slice(begins(reference));
  expect(deaths.length).toBeGreaterThan(10);
  await eachDeath(deaths, async (death) => {
    const { end } = await live(outcome, death);
    const others = Object.keys(end).filter((key) => !isDeepStrictEqual(end[key], reference.end[key]));
    const words = others.map(
      (key) => `${key}: ${JSON.stringify(end[key])} and not ${JSON.stringify(reference.end[key])}`,
    );
    if (words.length > 0) throw new Error(words.join("; "));
  });
}

describe("the operator dies at a write and is started again", () => {
  it("a promotion ends in the same state, whichever write it is", { timeout: MATRIX_MS }, async () => {
    await expectSameEnd(1, () => 0);
  });

  it("a rollback does too", { timeout: MATRIX_MS }, async () => {
    await expectSameEnd(0, ({ common }) => common);
  });
});
