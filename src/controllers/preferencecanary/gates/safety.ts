import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessSafety } from "../../../gates/assess.ts";
import {
  emptySafety,
  foldSafety,
  retrySafety,
  type SafetySpec,
  type SafetyState,
  safetyTest,
} from "../../../gates/safety.ts";
import { defineGate, type Gate, type Kept, numbersOf } from "./gate.ts";
import { shared } from "./shared.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["safety"]>;

export function safetySpec({ maxViolationRate, minChecked, require }: Settings): SafetySpec {
  return { maxViolationRate: parsePercent(maxViolationRate), minChecked, require };
}

/** Without the default: the words of a run that began before there was a choice stay the same. */
function numbersOfSafety({ require, ...numbers }: Settings): string {
  return numbersOf(require === "NoBreach" ? numbers : { ...numbers, require });
}

/** From checked answers of this candidate. */
export const safetyGate = shared((settings: Settings): Gate => {
  const test = safetyTest(safetySpec(settings));
  return defineGate<SafetyState, "checks">({
    name: "safety",
    numbers: numbersOfSafety(settings),
    stream: "checks",
    counts: ({ corrects }) => corrects === undefined,
    fold: (state, check) => foldSafety(test, state, check),
    read: (gate) => (gate === undefined ? emptySafety : readSafety(gate)),
    write: writeState,
    samples: ({ checked }) => checked,
    retry: retrySafety,
    assess: (state, problem) => assessSafety(test, state, problem),
  });
});

export function readSafety({ samples, sum, failedAt, rollbackFrom }: Kept): SafetyState {
  return {
    checked: samples,
    violations: Number(sum),
    ...(rollbackFrom && { rollbackFrom: { checked: rollbackFrom.samples, violations: Number(rollbackFrom.sum) } }),
    ...(failedAt && {
      failedAt: { sequence: failedAt.sequence, checked: failedAt.samples, violations: Number(failedAt.sum) },
    }),
  };
}

function writeState({ checked, violations, failedAt, rollbackFrom }: SafetyState): Kept {
  return {
    samples: checked,
    sum: String(violations),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.checked, sum: String(rollbackFrom.violations) } }),
    ...(failedAt && {
      failedAt: { sequence: failedAt.sequence, samples: failedAt.checked, sum: String(failedAt.violations) },
    }),
  };
}
