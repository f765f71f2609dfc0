import { describe, expect, test } from "vitest";
import { decide } from "../../../../src/controllers/dpojob/decide.ts";
import type { Observed } from "../../../../src/controllers/dpojob/observed.ts";
import { status } from "../../../../src/controllers/dpojob/status.ts";
import { dpoJob, observedJob, PINNED, training, trainResult } from "../../../builders/dpo-job.ts";
import { OTHER_DIGEST, preferenceDataset, SNAPSHOT } from "../../../builders/preference-dataset.ts";

const now = new Date("2026-01-03T00:00:00Z");
const at = "2026-01-03T00:00:00Z";
const condition = (type: string, value: "True" | "False" = "True") => ({
  type,
  status: value,
  reason: type,
  message: "",
  lastTransitionTime: at,
});
const dataset = preferenceDataset({}, { snapshot: SNAPSHOT, conditions: [condition("QualityMet")] });
const pinned = dpoJob({}, { dataset: PINNED });

describe("what a job does next", () => {
  const cases: [string, Partial<Observed>, string][] = [
    ["waits without a dataset", {}, "WaitForSnapshot"],
    ["waits without a snapshot", { dataset: preferenceDataset() }, "WaitForSnapshot"],
    [
      "waits for a snapshot that meets its quality",
      { dataset: preferenceDataset({}, { snapshot: SNAPSHOT, conditions: [condition("QualityMet", "False")] }) },
      "WaitForSnapshot",
    ],
    ["pins the newest snapshot", { dataset }, "Pin"],
    ["starts once the snapshot is pinned, even if the dataset is gone", { job: pinned }, "Start"],
    ["does not start while suspended", { job: dpoJob({ suspend: true }, { dataset: PINNED }) }, "Suspended"],
    ["follows its pod", { job: pinned, training: training() }, "Run"],
    ["stops its pod", { job: dpoJob({ suspend: true }), training: training() }, "SetSuspend"],
    ["starts its pod again", { job: pinned, training: training({ suspended: true }) }, "SetSuspend"],
    [
      "succeeds with its trainer",
      { training: training({ state: { phase: "Succeeded", at, outcome: trainResult() } }) },
      "Succeed",
    ],
    [
      "fails with its trainer",
      { training: training({ state: { phase: "Failed", at, reason: "BackoffLimitExceeded", message: "killed" } }) },
      "Fail",
    ],
    [
      "is done when it was complete",
      { job: dpoJob({}, { conditions: [condition("Complete")] }), training: training() },
      "Finished",
    ],
    ["is done when it had failed", { job: dpoJob({}, { conditions: [condition("Failed")] }) }, "Finished"],
  ];
  test.each(cases)("%s", (_name, overrides, type) => {
    expect(decide(observedJob(overrides)).type).toBe(type);
  });

  test("a digest that spec names wins over the newest snapshot", () => {
    const decision = decide(
      observedJob({ job: dpoJob({ dataset: { name: "support", digest: OTHER_DIGEST } }), dataset }),
    );
    expect(decision).toEqual({
      type: "Pin",
      dataset: { digest: OTHER_DIGEST, uri: `pvc://prefs/sha256/${"b".repeat(64)}` },
    });
  });
});

describe("which phase goes with which conditions", () => {
  const succeeded = (value: number) => ({
    training: training({ state: { phase: "Succeeded" as const, at, outcome: trainResult(value) } }),
  });
  const progressed = (step: number) =>
    dpoJob({}, { dataset: PINNED, progress: { step, of: 120, updatedAt: "2026-01-02T00:00:09Z" } });
  const cases: [string, Partial<Observed>, (string | undefined)[]][] = [
    ["no snapshot", {}, ["Pending", "Unknown", "True", "False", "WaitingForSnapshot", undefined]],
    [
      "no node",
      { training: training({ pod: { phase: "Waiting" }, unschedulable: "Insufficient nvidia.com/gpu" }) },
      ["Pending", "Unknown", "True", "False", "Unschedulable", undefined],
    ],
    ["a pod that runs", { training: training() }, ["Training", "Unknown", "True", "False", "Training", undefined]],
    [
      "a pod that is replaced",
      { training: training({ pod: { phase: "Waiting" }, lastFailure: "out of memory" }) },
      ["Pending", "Unknown", "True", "False", "Retrying", undefined],
    ],
    [
      "a pod whose last step is done",
      { job: progressed(120), training: training() },
      ["Finishing", "Unknown", "True", "False", "Finishing", undefined],
    ],
    [
      "a pod with a step to go",
      { job: progressed(119), training: training() },
      ["Training", "Unknown", "True", "False", "Training", undefined],
    ],
    [
      "a pod that replaced one which failed after its last step",
      { job: progressed(120), training: training({ pod: { phase: "Running", since: "2026-01-02T00:00:10Z" } }) },
      ["Training", "Unknown", "True", "False", "Training", undefined],
    ],
    [
      "a pod that ended before its Job did, after one that failed",
      { job: progressed(120), training: training({ pod: { phase: "Ended" }, lastFailure: "out of memory" }) },
      ["Finishing", "Unknown", "True", "False", "Finishing", undefined],
    ],
    ["suspended", { job: dpoJob({ suspend: true }) }, ["Suspended", "False", "False", "False", "Suspended", undefined]],
    ["a model that passes", succeeded(0.7), ["Succeeded", "True", "False", "False", "ValidationPassed", "True"]],
    ["a model that does not", succeeded(0.699), ["Failed", "False", "False", "True", "HeldOutWinRateTooLow", "False"]],
  ];
  test.each(cases)("%s", (_name, overrides, expected) => {
    const seen = observedJob(overrides);
    const { phase, conditions = [] } = status(seen, decide(seen), now);
    const of = (type: string) => conditions.find((each) => each.type === type);
    expect([
      phase,
      of("Ready")?.status,
      of("Reconciling")?.status,
      of("Stalled")?.status,
      of("Ready")?.reason,
      of("Validated")?.status,
    ]).toEqual(expected);
  });
});

test("what has ended stays as it was, and says that it saw the spec change", () => {
  const seen = observedJob({ training: training({ state: { phase: "Succeeded", at, outcome: trainResult() } }) });
  const ended = status(seen, decide(seen), now);
  const changed = dpoJob({ suspend: true }, ended);
  const later = { job: { ...changed, metadata: { ...changed.metadata, generation: 2 } } };
  const { observedGeneration, conditions = [], ...rest } = status(later, decide(later), now);
  const { observedGeneration: _, conditions: before = [], ...kept } = ended;
  expect(rest).toEqual(kept);
  expect(observedGeneration).toBe(2);
  expect(conditions).toEqual(before.map((each) => ({ ...each, observedGeneration: 2 })));
});

test("the artifact stands in status with its lineage, and progress is left to who pushes it", () => {
  const job = dpoJob({}, { dataset: PINNED, progress: { step: 3, of: 9 } });
  const seen = observedJob({ job, training: training({ state: { phase: "Succeeded", at, outcome: trainResult() } }) });
  const written = status(seen, decide(seen), now);
  const { digest, uri, dataset: trainedOn, base } = trainResult();
  expect(written.artifact).toEqual({ digest, uri, dataset: trainedOn, base });
  expect(written.validation?.heldOutWinRate).toEqual({ value: "82%", interval: ["70%", "90%"], samples: 60 });
  expect(written).not.toHaveProperty("progress");
  expect(() => dpoJob({}, written)).not.toThrow();
});
