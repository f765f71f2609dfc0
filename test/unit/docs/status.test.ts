import { expect, test } from "vitest";
import { trainFailureReasons } from "../../../src/api/contracts/train.ts";
import type { DPOJobStatus } from "../../../src/api/v1alpha1/dpo-job.ts";
import type { Decision } from "../../../src/controllers/dpojob/decide.ts";
import { decide as decideJob } from "../../../src/controllers/dpojob/decide.ts";
import type { Observed as ObservedJob } from "../../../src/controllers/dpojob/observed.ts";
import { status as jobStatus } from "../../../src/controllers/dpojob/status.ts";
import { decide } from "../../../src/controllers/preferencedataset/decide.ts";
import type { Observed } from "../../../src/controllers/preferencedataset/observed.ts";
import { status } from "../../../src/controllers/preferencedataset/status.ts";
import { dpoJob, observedJob, PINNED, training, trainResult } from "../../builders/dpo-job.ts";
import {
  collected,
  ended,
  MEASURED,
  observed,
  preferenceDataset,
  profileResult,
  running,
  SNAPSHOT,
} from "../../builders/preference-dataset.ts";
import { documented, said } from "./status-tables.ts";

const now = new Date("2026-01-03T00:00:00Z");
const at = "2026-01-03T00:00:00Z";

/** Every situation of a dataset that its status tells apart. */
function datasetSituations(): Partial<Observed>[] {
  const failed = (reason: "TooManyInvalid" | "TooFewPairs" | "StorageFailed") => ({
    collector: collected(1000),
    profile: ended({ error: { reason, message: "" } }, now, 1000),
  });
  const judged = (quality: object, measured: object = {}) => ({
    collector: collected(1300, { newer: 0 }),
    dataset: preferenceDataset({ quality }, { snapshot: SNAPSHOT, quality: { ...MEASURED, ...measured } }),
  });
  const { agreement: _, medianAge: __, ...unknown } = MEASURED;
  const unmeasured = (quality: object) => ({
    collector: collected(1300, { newer: 0 }),
    dataset: preferenceDataset({ quality }, { snapshot: SNAPSHOT, quality: unknown }),
  });
  const hasGoodOne = {
    collector: collected(1800, { newer: 500 }),
    dataset: preferenceDataset({}, { snapshot: SNAPSHOT, quality: MEASURED }),
  };
  return [
    hasGoodOne,
    { ...hasGoodOne, profile: { ...running(1800), unschedulable: "0/1 nodes" } },
    { ...hasGoodOne, profile: ended({ error: { reason: "StorageFailed", message: "" } }, now, 1800) },
    { collector: collected(10) },
    { collector: { readable: false, message: "down" } },
    { collector: collected(1000) },
    { profile: running() },
    { profile: { ...running(), unschedulable: "0/1 nodes" } },
    failed("StorageFailed"),
    failed("TooManyInvalid"),
    failed("TooFewPairs"),
    { profile: ended(profileResult(), now) },
    judged({}),
    judged({ minPairs: 2000 }),
    judged({ agreement: { min: "0.9" } }),
    judged({ freshness: { maxMedianAge: "1h" } }),
    unmeasured({ agreement: {} }),
    unmeasured({ freshness: {} }),
  ];
}

function jobSituations(): Partial<ObservedJob>[] {
  const pinned = dpoJob({}, { dataset: PINNED });
  const succeeded = (result: ReturnType<typeof trainResult>) =>
    training({ state: { phase: "Succeeded", at, outcome: result } });
  const failed = (reason: string) => training({ state: { phase: "Failed", at, reason, message: "" } });
  const nothingHeldOut = { ...trainResult(), validation: { heldOutWinRate: null } };
  const met = {
    type: "QualityMet",
    status: "True" as const,
    reason: "QualityMet",
    message: "",
    lastTransitionTime: at,
  };
  return [
    {},
    { dataset: preferenceDataset({}, { snapshot: SNAPSHOT, conditions: [met] }) },
    { job: pinned },
    { job: dpoJob({ suspend: true }) },
    { job: dpoJob({ suspend: true }), training: training() },
    { training: training() },
    { training: training({ pod: { phase: "Ended" } }) },
    { training: training({ pod: { phase: "Waiting" } }) },
    { training: training({ pod: { phase: "Waiting" }, unschedulable: "0/1 nodes" }) },
    { training: training({ pod: { phase: "Waiting" }, lastFailure: "killed" }) },
    { training: succeeded(trainResult(0.9)) },
    { training: succeeded(trainResult(0.1)) },
    { training: succeeded(nothingHeldOut) },
    // The trainer's own reasons, the batch Job's, and the one for a result that is gone.
    ...[...trainFailureReasons, "BackoffLimitExceeded", "DeadlineExceeded", "NoResult"].map((reason) => ({
      training: failed(reason),
    })),
  ];
}

test("the table of PreferenceDataset is what its status says, no more and no less", () => {
  const rows = datasetSituations().map((situation) => {
    const seen = observed(situation);
    return said(status(seen, decide(seen, now), now));
  });
  const seen = observed();
  const nameTaken = { action: { type: "Wait" as const }, knows: { nameTaken: "Job support-p10" } };
  expect(new Set([...rows, said(status(seen, nameTaken, now))])).toEqual(new Set(documented("PreferenceDataset")));
});

test("the table of DPOJob is what its status says, no more and no less", () => {
  const rows = jobSituations().map((situation) => {
    const seen = observedJob(situation);
    return said(jobStatus(seen, decideJob(seen), now) satisfies DPOJobStatus);
  });
  const nameTaken: Decision = { type: "NameTaken", message: "Job support-1 stands in the way" };
  expect(new Set([...rows, said(jobStatus(observedJob(), nameTaken, now))])).toEqual(new Set(documented("DPOJob")));
});

test.each(["PreferenceDataset", "DPOJob"])("no row of %s stands twice", (kind) => {
  const rows = documented(kind);
  expect(rows.length).toBeGreaterThan(10);
  expect(rows).toEqual([...new Set(rows)]);
});
