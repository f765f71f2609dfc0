import * as z from "zod";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDecimal, parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessMetric } from "../../../gates/assess-metric.ts";
import { emptyMetric, foldMetric, type MetricSpec, type MetricState, metricTest } from "../../../gates/metric.ts";
import { defineGate, type Gate, type Kept, numbersOf } from "./gate.ts";
import { metricGateName } from "./gate-names.ts";
import { readCrossing, writeCrossing } from "./two-thresholds.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["metrics"]>[number];

export function metricSpec({ min, max, against, maxBreaches, minSamples, falseRollback }: Settings): MetricSpec {
  return {
    ...(min !== undefined && { min: parseDecimal(min) }),
    ...(max !== undefined && { max: parseDecimal(max) }),
    against,
    maxBreaches: parsePercent(maxBreaches),
    minSamples,
    falseRollback: parsePercent(falseRollback),
  };
}

/** From samples of a query. A moment for which it had no value is no sample. */
export function metricGate({ name, prometheus, ...settings }: Settings): Gate {
  const test = metricTest(metricSpec({ name, prometheus, ...settings }));
  const gate = metricGateName(name);
  return defineGate<MetricState, "answers">({
    name: gate,
    numbers: numbersOf({ ...settings, ...prometheus }),
    stream: "answers",
    counts: ({ said }) => said?.type === "Metric",
    fold: (state, { sequence, said }) =>
      said?.type === "Metric" ? foldMetric(test, state, { ...said, sequence }) : state,
    read: readState,
    write: writeState,
    samples: ({ tally }) => tally.samples,
    retry: () => emptyMetric,
    assess: (state, problem) => assessMetric(test, state, problem),
  });
}

/** The newest sample's value, and stable's where there is one: for reading only. */
const Values = z.tuple([z.number(), z.number().nullable()]);

function readState({ samples, sum, state, failedAt }: Kept = { samples: 0, sum: "0" }): MetricState {
  const last = state === undefined ? undefined : readValues(state);
  return {
    tally: { samples, sum: Number(sum) },
    ...(last && { last }),
    ...(failedAt && { failedAt: readCrossing(failedAt) }),
  };
}

function readValues(text: string): MetricState["last"] {
  try {
    const [value, stable] = Values.parse(JSON.parse(text));
    return { value, ...(stable !== null && { stable }) };
  } catch {
    return undefined;
  }
}

function writeState({ tally, last, failedAt }: MetricState): Kept {
  return {
    samples: tally.samples,
    sum: String(tally.sum),
    ...(last && { state: JSON.stringify([last.value, last.stable ?? null]) }),
    ...(failedAt && { failedAt: writeCrossing(failedAt) }),
  };
}
