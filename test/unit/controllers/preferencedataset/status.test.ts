import { describe, expect, test } from "vitest";
import { decide } from "../../../../src/controllers/preferencedataset/decide.ts";
import type { Observed } from "../../../../src/controllers/preferencedataset/observed.ts";
import { status } from "../../../../src/controllers/preferencedataset/status.ts";
import { findCondition } from "../../../../src/runtime/conditions.ts";
import {
  collected,
  ended,
  MEASURED,
  observed,
  preferenceDataset,
  profileResult,
  REFUSED,
  running,
  SNAPSHOT,
} from "../../../builders/preference-dataset.ts";
import { kstatus } from "../../../kstatus.ts";
import { said } from "../../docs/status-tables.ts";

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

describe("a good snapshot stays Ready while the next one is made", () => {
  const dataset = preferenceDataset({}, { snapshot: SNAPSHOT, quality: MEASURED });
  const collector = collected(1800, { newer: 500 });
  const lost = ended({ error: { reason: "Failed", message: "evicted" } }, now, 1800);
  test.each([
    ["that is due", { dataset, collector }, "Profiling", "A snapshot up to number 1800 is due"],
    ["that a Job makes", { dataset, collector, profile: running(1800) }, "Profiling", "Job support-p1800 makes"],
    [
      "whose pod has no node",
      { dataset, collector, profile: { ...running(1800), unschedulable: "0/1 nodes" } },
      "Unschedulable",
      "No node takes the pod of Job support-p1800: 0/1 nodes",
    ],
    ["that was lost", { dataset, collector, profile: lost }, "Retrying", "it failed with Failed: evicted"],
    [
      "and nobody knows what the collector holds",
      { dataset, collector: { readable: false, message: "down" }, profile: running(1800) },
      "Profiling",
      "the collector cannot be read: down. Job support-p1800",
    ],
  ] satisfies [string, Partial<Observed>, string, string][])("%s", (_name, overrides, reason, work) => {
    const seen = statusOf(overrides);
    expect(said(seen)).toBe(`Profiling, ${reason}, True, True, False`);
    const ready = findCondition(seen.conditions, "Ready");
    expect(ready).toMatchObject({ reason: "SnapshotReady", message: expect.stringContaining(work) });
    expect(ready?.message).toMatch(/^Snapshot sha256:a+ has 1200 pairs[.;]/);
    expect(kstatus({ metadata: { generation: 2 }, status: seen })).toBe("InProgress");
  });

  test("but one that misses its quality does not become Ready by that", () => {
    const missed = preferenceDataset({ quality: { minPairs: 1300 } }, { snapshot: SNAPSHOT, quality: MEASURED });
    const seen = statusOf({ dataset: missed, collector, profile: running(1800) });
    expect(said(seen)).toBe("Profiling, Profiling, Unknown, True, False");
  });

  test("and has been Ready since it was: who looks at the transition time sees no gap", () => {
    const before = statusOf({ profile: ended(profileResult(), now), collector: collected(1300) });
    const seen = observed({ dataset: preferenceDataset({}, before), collector, profile: running(1800) });
    const later = new Date("2026-01-04T00:00:00Z");
    const after = status(seen, decide(seen, later), later);
    expect(findCondition(after.conditions, "Ready")?.lastTransitionTime).toBe("2026-01-03T00:00:00Z");
  });
});

describe("data that was refused", () => {
  const { quality } = profileResult();
  const failure = { error: { reason: "TooManyInvalid" as const, message: REFUSED.message } };
  const refusal = { ...failure, quality: { ...quality, records: 1000 } };
  const seen = statusOf({ collector: collected(1000), profile: ended(refusal, now, 1000) });

  test("is remembered with what would make another try worth it", () => {
    expect(seen.refused).toEqual(REFUSED);
    expect(() => preferenceDataset({}, seen)).not.toThrow();
  });

  test("stalls the dataset with the same words when the Job that said so is gone", () => {
    const after = statusOf({ dataset: preferenceDataset({}, seen), collector: collected(1000) });
    expect(after).toEqual(seen);
    expect(said(after)).toBe("Stalled, TooManyInvalid, False, False, True");
  });

  test("stalls it no more while another try is under way, and is remembered until that ends well", () => {
    const dataset = preferenceDataset({}, seen);
    const again = statusOf({ dataset, collector: collected(1100), profile: running(1100) });
    expect(said(again)).toBe("Profiling, Profiling, Unknown, True, False");
    expect(again.refused).toEqual(REFUSED);
    const taken = profileResult({ sequence: 1300 });
    expect(statusOf({ dataset, profile: ended(taken, now) })).not.toHaveProperty("refused");
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
