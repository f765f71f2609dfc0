import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { CANARY } from "../../builders/canary.ts";
import type { CanaryStage, StageOptions } from "./canary-stage.ts";
import { judge } from "./raters.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const setStage = useCanaryStages();
let canary: CanaryStage;

/** A candidate that has half of the requests, and is not promoted before somebody approves. */
async function halfWay(gates: object, evidence: object = {}, options: StageOptions = {}): Promise<void> {
  canary = await setStage(options);
  await canary.applyWorkload();
  await canary.createCanary({
    evidence: { comparisons: { dataset: { name: "support" } }, ...evidence },
    steps: [{ name: "half", weight: 50, approval: "Required" }],
    gates: { winRate: {}, ...gates },
    onNoData: { after: "480h" },
  });
  await canary.start();
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  await canary.until("half way", ({ status }) => status?.weights?.since !== undefined);
}

async function rolledBack(): Promise<string | undefined> {
  const { status } = await canary.until("rolled back", (now) => now.status?.phase === "RolledBack");
  return status?.lastRun?.message;
}

describe("what people say at the collector", () => {
  it("is one bet a rater, where the unit is Rater, however many pairs they judge", async () => {
    await halfWay({}, { comparisons: { dataset: { name: "support" }, unit: "Rater", votesPerUnit: 1 } });
    for (const labeler of ["ann", "ben"]) await judge(canary, { count: 30, labeler, prefers: () => "candidate" });
    await judge(canary, { count: 1, labeler: "cem", prefers: () => "stable" });
    const { status } = await canary.until("told of all", (now) => now.status?.gates?.[0]?.samples === 3);
    expect(status?.gates?.[0]).toMatchObject({ name: "winRate", verdict: "Undecided", estimate: "66.7%" });
  });

  it("takes a candidate back that one cohort pays for, whatever the average is", async () => {
    await halfWay({ cohorts: { names: ["de", "en"], min: "45%" } });
    await judge(canary, { count: 60, labeler: "ann", cohort: "en", prefers: () => "candidate" });
    await canary.until("preferred", ({ status }) => status?.gates?.[0]?.verdict === "Pass");
    await judge(canary, { count: 12, labeler: "ben", cohort: "de", prefers: () => "stable" });
    expect(await rolledBack()).toMatch(/^cohorts: .*\bde\b/);
  });

  it("takes a candidate back whose margins say something else", async () => {
    await halfWay({ winRate: { min: "5%", target: "45%" }, calibration: { maxError: "10%" } });
    const prefers = (pair: number) => (pair % 2 === 0 ? "candidate" : "stable");
    await judge(canary, { count: 120, labeler: "ann", margin: 4, prefers });
    expect(await rolledBack()).toMatch(/^calibration: /);
  });

  it("is not trusted where one arm alone is rated: the candidate waits for somebody who looks", async () => {
    // The collector's clock says when an answer was rated.
    await halfWay({ mismatch: { minSamples: 10, settle: "1s" } }, { ratings: {} }, { speed: 1 });
    const { candidate } = (await canary.canary())?.status ?? {};
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const ratings = Array.from({ length: 60 }, () => {
      const id = randomUUID();
      return { id, revision: candidate?.revision, rater: `user ${id}`, value: 1 };
    });
    await canary.call("POST", `canaries/${CANARY}/ratings`, { ratings });
    const { status } = await canary.until("held", (now) => now.status?.phase === "Paused");
    expect(findCondition(status?.conditions, "Ready")?.reason).toBe("Mismatch");
    expect(canary.faults()).toEqual([]);
  });
});
