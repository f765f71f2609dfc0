import { describe, expect, test } from "vitest";
import { decide } from "../../../../src/controllers/preferencedataset/decide.ts";
import type { Observed } from "../../../../src/controllers/preferencedataset/observed.ts";
import { status } from "../../../../src/controllers/preferencedataset/status.ts";
import {
  collected,
  ended,
  observed,
  preferenceDataset,
  profileResult,
  running,
} from "../../../builders/preference-dataset.ts";

const now = new Date("2026-01-03T00:00:00Z");

function statusOf(overrides: Partial<Observed>) {
  const seen = observed(overrides);
  return status(seen, decide(seen, now), now);
}

function standing(overrides: Partial<Observed>) {
  const { phase, conditions = [] } = statusOf(overrides);
  const of = (type: string) => conditions.find((condition) => condition.type === type);
  return [phase, of("Ready")?.status, of("Reconciling")?.status, of("Stalled")?.status, of("Ready")?.reason];
}

describe("which phase goes with which conditions", () => {
  const failed = ended({ error: { reason: "TooManyInvalid", message: "400 of 1000 are empty" } }, now, 1000);
  test.each([
    ["too few preferences", { collector: collected(10) }, ["Collecting", "Unknown", "True", "False", "Collecting"]],
    [
      "no collector",
      { collector: { readable: false, message: "down" } },
      ["Collecting", "Unknown", "True", "False", "CollectorUnreadable"],
    ],
    ["a profile that runs", { profile: running() }, ["Profiling", "Unknown", "True", "False", "Profiling"]],
    [
      "a profile without a node",
      { profile: { ...running(), unschedulable: "0/1 nodes" } },
      ["Profiling", "Unknown", "True", "False", "Unschedulable"],
    ],
    [
      "data that is refused",
      { collector: collected(1000), profile: failed },
      ["Stalled", "False", "False", "True", "TooManyInvalid"],
    ],
    [
      "a profile that was lost, until it is tried again",
      { collector: collected(1000), profile: ended({ error: { reason: "Failed", message: "evicted" } }, now) },
      ["Profiling", "Unknown", "True", "False", "Retrying"],
    ],
    ["a new snapshot", { profile: ended(profileResult(), now) }, ["Ready", "True", "False", "False", "SnapshotReady"]],
    [
      "a snapshot that misses its quality",
      { profile: ended(profileResult({ pairs: 5 }), now) },
      ["QualityNotMet", "False", "False", "False", "TooFewPairs"],
    ],
  ] satisfies [string, Partial<Observed>, unknown[]][])("%s", (_name, overrides, expected) => {
    expect(standing(overrides)).toEqual(expected);
  });
});

test("what the profile found stands in status as text and numbers that fit the CRD", () => {
  const found = statusOf({ profile: ended(profileResult(), now) });
  expect(found.snapshot).toMatchObject({ pairs: 1200, heldOutPairs: 60, sequence: 1300 });
  expect(found.quality).toEqual({
    invalid: { EmptyChosen: 3 },
    duplicates: 40,
    labelers: 5,
    largestLabelerShare: "31%",
    medianAge: "2h",
    agreement: { value: "0.74", interval: ["0.71", "0.77"], units: 30 },
  });
  expect(() => preferenceDataset({}, found)).not.toThrow();
});

test("a collector that cannot be read takes nothing away from what is known", () => {
  const known = statusOf({ profile: ended(profileResult(), now), collector: collected(1300) });
  const after = statusOf({
    dataset: preferenceDataset({}, known),
    collector: { readable: false, message: "no answer" },
  });
  expect(after.snapshot).toEqual(known.snapshot);
  expect(after.collected).toEqual(known.collected);
  expect(after.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "True",
    message: expect.stringContaining("no answer"),
  });
});
