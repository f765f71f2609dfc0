import { beforeAll, describe, expect, inject, it } from "vitest";
import { type Installation, install } from "../operator/install.ts";
import { type CanaryStage, setCanaryStage } from "./canary-stage.ts";
import { dyingAt, type Moment } from "./dying-process.ts";
import { endState } from "./end-state.ts";
import { installHTTPRoutes } from "./gateway-api.ts";

/** One life of a few seconds for each write and moment. */
const MATRIX_MS = 20 * 60_000;
const LIFE_LIMIT_MS = 60_000;

const STEPS = [
  { name: "shadow", weight: 0 },
  { name: "half", weight: 50 },
];

let installation: Installation;

beforeAll(async () => {
  installation = await install(inject("kubeconfig"));
  await installHTTPRoutes(installation.admin);
});

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
}

async function lifeWithDeath(outcome: 0 | 1, at: number, moment: Moment) {
  const canary = await setCanaryStage(installation);
  try {
    await canary.applyWorkload();
    await canary.createCanary({ steps: STEPS });
    let restart: Promise<unknown> = Promise.resolve();
    const dying = dyingAt(
      (_, count) => count === at,
      moment,
      canary.stage.namespace,
      () => {
        // Not before the dying reconcile is over: it is stopped first.
        restart = new Promise(setImmediate).then(() => canary.start());
      },
    );
    await canary.start(dying.interceptor);
    await live(canary, outcome);
    await restart;
    return { state: await endState(canary), faults: canary.faults(), writes: dying.writes.length };
  } finally {
    await canary.close();
  }
}

/** `from`: the writes before it are those of the other life too. */
async function expectSameEnd(outcome: 0 | 1, from: number): Promise<void> {
  const reference = await lifeWithDeath(outcome, Number.POSITIVE_INFINITY, "before");
  expect(reference.faults).toEqual([]);
  expect(reference.writes).toBeGreaterThan(from);
  for (let at = from; at <= reference.writes; at++) {
    for (const moment of ["before", "after"] as const) {
      const where = `it died ${moment} write ${at} of ${reference.writes}`;
      const { state, faults } = await lifeWithDeath(outcome, at, moment);
      expect({ where, faults, ...state }).toEqual({ where, faults: [], ...reference.state });
    }
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
