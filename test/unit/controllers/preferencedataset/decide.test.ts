import { describe, expect, test } from "vitest";
import { ANNOTATION } from "../../../../src/api/v1alpha1/metadata.ts";
import { decide } from "../../../../src/controllers/preferencedataset/decide.ts";
import type { Observed } from "../../../../src/controllers/preferencedataset/observed.ts";
import { dpoJob } from "../../../builders/dpo-job.ts";
import {
  collected,
  DIGEST,
  ended,
  MEASURED,
  OTHER_DIGEST,
  observed,
  preferenceDataset,
  profileResult,
  REFUSED,
  RETRAIN,
  running,
  SNAPSHOT,
} from "../../../builders/preference-dataset.ts";

const now = new Date("2026-01-03T00:00:00Z");
const ago = (ms: number) => new Date(now.getTime() - ms);
const condition = (type: string, status: "True" | "False") => ({
  type,
  status,
  reason: type,
  message: "",
  lastTransitionTime: "2026-01-02T00:00:00Z",
});

describe("a snapshot", () => {
  const cases: [string, Partial<Observed>, string][] = [
    ["is not taken before quality.minPairs", { collector: collected(999) }, "Wait"],
    ["is taken at quality.minPairs", { collector: collected(1000) }, "TakeSnapshot"],
    ["is not taken while the collector cannot be read", { collector: { readable: false, message: "down" } }, "Wait"],
    ["is not taken while a profile runs", { collector: collected(5000), profile: running() }, "Wait"],
    [
      "is not taken again before snapshot.minNewPairs",
      {
        dataset: preferenceDataset({}, { snapshot: SNAPSHOT, quality: MEASURED }),
        collector: collected(1799, { newer: 499 }),
      },
      "Wait",
    ],
    [
      "is taken again at snapshot.minNewPairs",
      {
        dataset: preferenceDataset({}, { snapshot: SNAPSHOT, quality: MEASURED }),
        collector: collected(1800, { newer: 500 }),
      },
      "TakeSnapshot",
    ],
  ];
  test.each(cases)("%s", (_name, overrides, type) => {
    expect(decide(observed(overrides), now).action.type).toBe(type);
  });

  test("is pinned to the collector's sequence number", () => {
    const { action } = decide(observed({ collector: collected(1000, { sequence: 4711 }) }), now);
    expect(action).toEqual({ type: "TakeSnapshot", sequence: 4711 });
  });

  test("is recorded before anything else happens", () => {
    const decision = decide(
      observed({
        dataset: preferenceDataset({ retrain: RETRAIN }),
        collector: collected(9000),
        profile: ended(profileResult(), now),
      }),
      now,
    );
    expect(decision.action.type).toBe("Wait");
    expect(decision.knows.newSnapshot?.digest).toBe(DIGEST);
    expect(decision.knows.quality?.met).toBe(true);
  });
});

describe("a profile that failed", () => {
  const lost = { error: { reason: "Failed" as const, message: "the pod was lost" } };
  const tooFew = {
    error: { reason: "TooFewPairs" as const, message: "900 pairs" },
    quality: { ...profileResult().quality, records: 1000 },
  };
  const cases: [string, Partial<Observed>, string][] = [
    [
      "for the machine's sake is tried again after a minute",
      { collector: collected(1000), profile: ended(lost, ago(60_000)) },
      "DiscardProfile",
    ],
    [
      "for the machine's sake is left alone until then",
      { collector: collected(1000), profile: ended(lost, ago(59_000)) },
      "Wait",
    ],
    [
      "for the data's sake is left alone, however old",
      { collector: collected(1000), profile: ended(tooFew, ago(9e9), 1000) },
      "Wait",
    ],
    [
      "for the data's sake is tried again with a tenth more data",
      { collector: collected(1100), profile: ended(tooFew, now, 1000) },
      "DiscardProfile",
    ],
    [
      "for the data's sake is tried again when spec asks for something else",
      { collector: collected(1000), profile: { ...ended(tooFew, now, 1000), generation: 1 } },
      "DiscardProfile",
    ],
    [
      "is not tried again while the collector cannot be read",
      { collector: { readable: false, message: "down" }, profile: ended(lost, ago(9e9)) },
      "Wait",
    ],
  ];
  test.each(cases)("%s", (_name, overrides, type) => {
    expect(decide(observed(overrides), now).action.type).toBe(type);
  });
});

describe("data that was refused, once the Job that says so is gone,", () => {
  const remembered = (rest: object = {}) => preferenceDataset({}, { refused: { ...REFUSED, ...rest } });
  const cases: [string, Partial<Observed>, string][] = [
    ["is not profiled again", { dataset: remembered(), collector: collected(1000) }, "Wait"],
    ["is not profiled again with a little more", { dataset: remembered(), collector: collected(1099) }, "Wait"],
    ["is profiled again with a tenth more", { dataset: remembered(), collector: collected(1100) }, "TakeSnapshot"],
    [
      "is profiled again when spec asks for something else",
      { dataset: remembered({ generation: 1 }), collector: collected(1000) },
      "TakeSnapshot",
    ],
    [
      "is not profiled again while the collector cannot be read",
      { dataset: remembered({ generation: 1 }), collector: { readable: false, message: "down" } },
      "Wait",
    ],
    [
      "does not keep a good snapshot from being trained on",
      {
        dataset: preferenceDataset(
          { retrain: RETRAIN },
          { snapshot: SNAPSHOT, quality: MEASURED, refused: { ...REFUSED, sequence: 1800 } },
        ),
        collector: collected(1800, { newer: 500 }),
      },
      "Train",
    ],
  ];
  test.each(cases)("%s", (_name, overrides, type) => {
    expect(decide(observed(overrides), now).action.type).toBe(type);
  });
});

describe("training", () => {
  const dataset = (status: object = {}) =>
    preferenceDataset({ retrain: RETRAIN }, { snapshot: SNAPSHOT, quality: MEASURED, ...status });
  const job = (conditions: ReturnType<typeof condition>[], digest: string, pairs: number) => {
    const made = dpoJob({ dataset: { name: "support", digest } }, { conditions });
    return {
      ...made,
      metadata: { ...made.metadata, annotations: { [ANNOTATION.sequence]: "1300", [ANNOTATION.pairs]: String(pairs) } },
    };
  };
  const finished = [condition("Complete", "True")];
  const cases: [string, Partial<Observed>, string][] = [
    ["starts on the first snapshot that has enough pairs", { dataset: dataset() }, "Train"],
    [
      "starts on the newest good snapshot, whatever became of the profile after it",
      { dataset: dataset(), profile: ended({ error: { reason: "TooManyInvalid", message: "" } }, now, 1800) },
      "Train",
    ],
    [
      "does not start without spec.retrain",
      { dataset: preferenceDataset({}, { snapshot: SNAPSHOT, quality: MEASURED }) },
      "Wait",
    ],
    [
      "does not start on a snapshot that misses its quality",
      {
        dataset: preferenceDataset(
          { retrain: RETRAIN, quality: { agreement: { min: "0.8" } } },
          { snapshot: SNAPSHOT, quality: MEASURED, conditions: [condition("QualityMet", "True")] },
        ),
      },
      "Wait",
    ],
    ["does not start while a job runs", { dataset: dataset(), jobs: [job([], OTHER_DIGEST, 0)] }, "Wait"],
    [
      "starts again after a job that failed, on newer data",
      { dataset: dataset(), jobs: [job([condition("Failed", "True")], OTHER_DIGEST, 1000)] },
      "Train",
    ],
    ["never starts twice on one snapshot", { dataset: dataset(), jobs: [job(finished, DIGEST, 0)] }, "Wait"],
    ["does not start for too few new pairs", { dataset: dataset(), jobs: [job(finished, OTHER_DIGEST, 1101)] }, "Wait"],
    [
      "knows what it trained on when the job is gone",
      { dataset: dataset({ lastTrained: { job: "x", digest: DIGEST, pairs: 0, sequence: 1300 } }) },
      "Wait",
    ],
  ];
  test.each(cases)("%s", (_name, overrides, type) => {
    expect(decide(observed({ collector: collected(1300, { newer: 0 }), ...overrides }), now).action.type).toBe(type);
  });
});
