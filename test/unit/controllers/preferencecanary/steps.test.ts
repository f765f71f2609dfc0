import { describe, expect, it } from "vitest";
import type { PreferenceCanaryStatus } from "../../../../src/api/v1alpha1/preference-canary.ts";
import { describeProgress, nextStep, progressOf } from "../../../../src/controllers/preferencecanary/run/steps.ts";
import type { Liveness } from "../../../../src/traffic/liveness.ts";
import { weightOf } from "../../../../src/traffic/slots.ts";
import { canaryObject } from "../../../builders/canary.ts";

const now = new Date("2026-01-01T00:01:00.000Z");
const revision = "bbbbbbbbbb";
const run = { candidate: { revision, digest: "" } };

const LIVE: Liveness = { isVerified: true, inMs: 0 };

function progress(
  status: PreferenceCanaryStatus,
  weight: number,
  { isServing = true, live = LIVE, isMeddled = false } = {},
) {
  return progressOf({ canary: { ...canaryObject(), status }, revision, weight, live, isServing, isMeddled }, now);
}

function inStep(name: string, desired: number, since?: string): PreferenceCanaryStatus {
  return { ...run, step: { name, index: 0, of: 3 }, weights: { desired, ...(since && { since }) } };
}

describe("where a run is", () => {
  it.each([
    [
      "a run of another revision",
      { candidate: { revision: "cccccccccc", digest: "" }, step: { name: "half", index: 2, of: 3 } },
      0,
      "shadow",
    ],
    ["status", inStep("first", 1), weightOf(1), "first"],
    ["status, while the weight is on its way up", inStep("half", 50), 1, "half"],
    ["status, when the weight fell", inStep("half", 50), 0, "half"],
    ["the route, when it has the weight of a later step", inStep("first", 1), weightOf(50), "half"],
    ["the route, when status was lost", {}, weightOf(50), "half"],
    ["the beginning, when Git has removed the step", inStep("gone", 30), 0, "shadow"],
  ] as const)("is told by %s", (_, status, weight, expected) => {
    expect(progress(status, weight).step.name).toBe(expected);
  });

  it("has no clock before its weight is stored, or while nobody could answer", () => {
    expect(progress(inStep("half", 50), 1)).not.toHaveProperty("since");
    expect(progress(inStep("half", 50), weightOf(50), { isServing: false })).not.toHaveProperty("since");
  });

  it("begins when its weight is live, and lasts its time from then on", () => {
    expect(progress(inStep("first", 1), weightOf(1))).toMatchObject({ since: now, remainingMs: 10_000 });
    const since = "2026-01-01T00:00:55.000Z";
    expect(progress(inStep("first", 1, since), weightOf(1))).toMatchObject({ remainingMs: 5_000 });
    expect(progress(inStep("first", 1, "2026-01-01T00:00:00.000Z"), weightOf(1))).toMatchObject({ remainingMs: 0 });
  });

  it("begins anew when Git gives it another weight, also where status was not written in between", () => {
    const since = "2026-01-01T00:00:00.000Z";
    expect(progress(inStep("half", 30, since), weightOf(50))).toMatchObject({ since: now, remainingMs: 1_000 });
    expect(progress(inStep("half", 100, since), weightOf(50))).toMatchObject({ since: new Date(since) });
  });

  it("lasts a second at least, so that status shows it", () => {
    expect(progress(inStep("half", 50), weightOf(50))).toMatchObject({ remainingMs: 1_000 });
  });

  it("has no clock while its weight is stored and not live, and goes on with the one that it had", () => {
    const live = { isVerified: false };
    const entering = progress(inStep("first", 1), weightOf(1), { live });
    expect(entering).toMatchObject({ entering: live });
    expect(entering).not.toHaveProperty("since");
    const since = "2026-01-01T00:00:55.000Z";
    expect(progress(inStep("first", 1, since), weightOf(1), { live })).toMatchObject({ since: new Date(since) });
  });

  it("begins again in a next step of the same weight", () => {
    const { steps } = canaryObject().spec;
    const first = progress(inStep("first", 1, "2026-01-01T00:00:00.000Z"), weightOf(1));
    expect(nextStep(first, steps)).toEqual({ step: steps[2], index: 2, of: 3 });
  });

  it("is described by its place", () => {
    expect(describeProgress(progress(inStep("first", 1), weightOf(1)))).toBe("in step first (1%), 2 of 3");
    expect(describeProgress(progress(inStep("half", 50), 1))).toBe("entering step half (50%), 3 of 3");
  });
});
