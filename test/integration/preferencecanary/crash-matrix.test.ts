import { describe, expect, it } from "vitest";
import type { Interceptor } from "../../../src/kube/transport.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { dyingAt } from "./dying-process.ts";
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

/** From nothing to the end of one run, which is a promotion or a rollback as the raters will. */
async function live(canary: CanaryStage, outcome: 0 | 1): Promise<void> {
  const until = (what: string, condition: Parameters<CanaryStage["until"]>[1]) =>
    canary.until(what, condition, LIFE_LIMIT_MS);
  await until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  const isLast = (status: { step?: { name: string }; weights?: { since?: string } } | undefined) =>
    status?.step?.name === "half" && status.weights?.since !== undefined;
  await until("in its last step", ({ status }) => isLast(status));
  await canary.compare(outcome, 40);
  const end = outcome === 1 ? "Promoted" : "RolledBack";
  await until(end, ({ status }) => status?.phase === end);
  await until("archived", ({ status }) => status?.lastRun?.archive !== undefined && !status.archiving);
}

/**
 * The first process dies before its write `at` is sent; the next one makes that write again, and dies after it is stored
 * and before it hears of it. So each write of a life is died at on both sides.
 */
async function lifeWithDeaths(outcome: 0 | 1, at: number) {
  const canary = await setStage();
  const { namespace } = canary.stage;
  try {
    await canary.applyWorkload();
    await canary.createCanary({ steps: STEPS });
    let restarts: Promise<unknown> = Promise.resolve();
    // Not before the dying reconcile is over: start() stops the old one first.
    const next = (interceptor?: Interceptor) => {
      restarts = new Promise(setImmediate).then(() => canary.start(interceptor));
    };
    const first = dyingAt(
      (_, count) => count === at,
      "before",
      namespace,
      () => {
        const lost = first.writes.at(-1)?.path;
        next(
          dyingAt(
            ({ path }) => path === lost,
            "after",
            namespace,
            () => next(),
          ).interceptor,
        );
      },
    );
    await canary.start(first.interceptor);
    await live(canary, outcome);
    await restarts;
    return { state: await endState(canary), faults: canary.faults(), writes: first.writes };
  } finally {
    await canary.close();
  }
}

/** `from`: the writes before it are those of the other life too. */
async function expectSameEnd(outcome: 0 | 1, from: number): Promise<void> {
  const reference = await lifeWithDeaths(outcome, Number.POSITIVE_INFINITY);
  const { length } = reference.writes;
  expect(reference.faults).toEqual([]);
  expect(length).toBeGreaterThan(from);
  for (let at = from; at <= length; at++) {
    const { state, faults, writes } = await lifeWithDeaths(outcome, at);
    const where = `died at write ${at} of ${length}: ${writes.at(-1)?.method} ${writes.at(-1)?.path.split("/").slice(-2).join("/")}`;
    expect({ where, faults, ...state }).toEqual({ where, faults: [], ...reference.state });
  }
}

describe("the operator dies at a write and is started again", () => {
  it("a promotion ends in the same state, whichever write it is", { timeout: MATRIX_MS }, async () => {
    await expectSameEnd(1, 1);
  });

  it("a rollback does too", { timeout: MATRIX_MS }, async () => {
    await expectSameEnd(0, 20);
  });
});
