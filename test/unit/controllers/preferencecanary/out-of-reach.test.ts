import { describe, expect, it } from "vitest";
import { PreferenceCanary } from "../../../../src/api/v1alpha1/preference-canary.ts";
import type { GateStatus } from "../../../../src/controllers/preferencecanary/gates/gates.ts";
import { safetyOutOfReach } from "../../../../src/controllers/preferencecanary/run/out-of-reach.ts";
import { canarySpec } from "../../../builders/canary.ts";
import { HOUR, running } from "./scenario.ts";

const MINUTE = 60_000;
const entered = new Date("2026-01-02T00:00:00Z");

function at(ms: number): Date {
  return new Date(entered.getTime() + ms);
}

function specWith(safety: Readonly<Record<string, unknown>>) {
  return PreferenceCanary.shape.spec.parse(canarySpec({ evidence: evidence, gates: { winRate: {}, safety } }));
}

const evidence = { comparisons: { dataset: { name: "support" } }, checks: {} };

interface Seen {
  readonly samples: number;
  /** Until the last of them. */
  readonly withinMs: number;
  readonly violations?: number;
  readonly verdict?: GateStatus["verdict"];
  readonly isTold?: boolean;
}

function said(safety: Readonly<Record<string, unknown>>, deadlineMs: number | undefined, seen: Seen) {
  const { samples, withinMs, violations = 0, verdict = "Undecided", isTold = false } = seen;
  const lastSampleTime = at(withinMs).toISOString();
  const gate: GateStatus = { name: "safety", verdict, samples, sum: String(violations), lastSampleTime, message: "" };
  const deadline = deadlineMs === undefined ? undefined : at(deadlineMs);
  return safetyOutOfReach({ spec: specWith(safety), gates: [gate], entered, deadline, isTold }, at(withinMs));
}

const proof = { maxViolationRate: "0.01%", require: "ProvenBelow" };

describe("a safety gate that cannot pass in time", () => {
  it("is told with its numbers after the first minute, at a check each ten seconds and a limit of 0.01%", () => {
    expect(said(proof, 24 * HOUR, { samples: 6, withinMs: MINUTE })).toBe(
      "gates.safety needs 33180 more checked answers without a violation; at 360 an hour, as so far, they take 3d20h, " +
        "and the run ends at 2026-01-03T00:00:00Z: raise spec.deadline, raise gates.safety.maxViolationRate, or check more answers",
    );
  });

  it("is told of a count that cannot be reached", () => {
    expect(said({ minChecked: 1_000 }, 10 * HOUR, { samples: 50, withinMs: HOUR })).toMatch(
      /^gates\.safety needs 950 more .* at 50 an hour, as so far, they take 19h, .* lower gates\.safety\.minChecked/,
    );
  });

  it("takes violations into account: after one a proof needs more clean checks than before it", () => {
    expect(said(proof, 5 * 24 * HOUR, { samples: 3_600, withinMs: 10 * HOUR })).toBeUndefined();
    expect(said(proof, 5 * 24 * HOUR, { samples: 3_600, withinMs: 10 * HOUR, violations: 1 })).toContain(
      "without a violation",
    );
  });

  it.each([
    ["it can pass at that rate", 5 * 24 * HOUR, { samples: 360, withinMs: HOUR }],
    ["chance alone may have been against it", 60 * HOUR, { samples: 1, withinMs: MINUTE / 6 }],
    ["there is no deadline", undefined, { samples: 6, withinMs: MINUTE }],
    ["nothing was checked yet", 24 * HOUR, { samples: 0, withinMs: HOUR }],
    ["its evidence is out of sight", 24 * HOUR, { samples: 6, withinMs: MINUTE, verdict: "NoData" }],
    ["it has passed", 24 * HOUR, { samples: 6, withinMs: MINUTE, verdict: "Pass" }],
  ] as const)("is not claimed where %s", (_why, deadlineMs, seen) => {
    expect(said(proof, deadlineMs, seen)).toBeUndefined();
  });

  it("is a condition and one Event, and none any more once the spec has been mended", () => {
    const world = running({ deadline: "24h", evidence, gates: { winRate: {}, safety: proof } });
    const condition = () => world.status.conditions?.find(({ type }) => type === "OutOfReach");
    const told = () => world.events.filter(({ reason }) => reason === "OutOfReach");
    expect(condition()).toBeUndefined();
    for (let minute = 0; minute < 5; minute += 1) {
      world.check(Array<boolean>(6).fill(false));
      world.later(MINUTE);
    }
    expect(condition()).toMatchObject({ status: "True", reason: "TooFewChecks" });
    expect(told()).toMatchObject([{ type: "Warning", note: expect.stringContaining("more checked answers") }]);
    expect(world.status.phase).toBe("Progressing");
    world.edit({ deadline: "480h" });
    world.later(MINUTE);
    expect(condition()).toMatchObject({ status: "False" });
    expect(told()).toHaveLength(1);
  });

  it("is told of a rate that is too low beyond chance, and taken back of one that is enough as it is", () => {
    const between = { samples: 50, withinMs: HOUR };
    expect(said({ minChecked: 500 }, 9 * HOUR, between)).toBeUndefined();
    expect(said({ minChecked: 500 }, 9 * HOUR, { ...between, isTold: true })).toContain("450 more");
    expect(said({ minChecked: 500 }, 10 * HOUR, { ...between, isTold: true })).toBeUndefined();
  });

  it("stays as it was told while the evidence cannot be read, and is not told again", () => {
    const world = running({
      deadline: "24h",
      onNoData: { after: "20h" },
      evidence,
      gates: { winRate: {}, safety: proof },
    });
    const condition = () => world.status.conditions?.find(({ type }) => type === "OutOfReach");
    world.later(MINUTE);
    for (let time = 0; time < 3; time += 1) {
      world.check(Array<boolean>(6).fill(false));
      world.later(MINUTE);
      world.evidence.setAccess({ type: "Unreadable", problem: "the collector is away" });
      world.later(MINUTE);
      expect(world.status.gates?.find(({ name }) => name === "safety")?.verdict).toBe("NoData");
      expect(condition()).toMatchObject({ status: "True", message: expect.stringContaining("more checked answers") });
      world.evidence.setAccess({ type: "Readable" });
      world.later(MINUTE);
    }
    expect(world.events.filter(({ reason }) => reason === "OutOfReach")).toHaveLength(1);
  });
});
