import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { calibrationSpec } from "../../controllers/preferencecanary/gates/calibration.ts";
import { cohortsSpec } from "../../controllers/preferencecanary/gates/cohorts.ts";
import { metricGateName } from "../../controllers/preferencecanary/gates/gate-names.ts";
import { type GateStatus, gatesAmong } from "../../controllers/preferencecanary/gates/gates.ts";
import { metricSpec } from "../../controllers/preferencecanary/gates/metric.ts";
import { mismatchSpec } from "../../controllers/preferencecanary/gates/mismatch.ts";
import { regressionSpec } from "../../controllers/preferencecanary/gates/regression.ts";
import { readSafety, safetySpec } from "../../controllers/preferencecanary/gates/safety.ts";
import { readThresholds, thresholdSpec } from "../../controllers/preferencecanary/gates/two-thresholds.ts";
import { winRateSpec } from "../../controllers/preferencecanary/gates/win-rate.ts";
import { calibrationPromise } from "../../gates/assess-calibration.ts";
import { cohortsPromise } from "../../gates/assess-cohorts.ts";
import { metricPromise } from "../../gates/assess-metric.ts";
import { mismatchPromise } from "../../gates/assess-mismatch.ts";
import { regressionPromises } from "../../gates/assess-regression.ts";
import { safetyPromise, winRatePromises } from "../../gates/explain.ts";
import { formatRate } from "../../gates/figures.ts";
import { logEvidence } from "../../gates/mixture.ts";
import { cleanChecksToPass, ofLastTry, safetyTest } from "../../gates/safety.ts";
import { settledAt } from "../../gates/shifting.ts";
import { sinceChange, sinceRetry, type WinRateTest, winRateTest } from "../../gates/win-rate.ts";
import { RATINGS } from "../../gates/wording.ts";
import {
  ABOUT_CALIBRATION,
  ABOUT_COHORTS,
  ABOUT_COMPLIANCE,
  ABOUT_MISMATCH,
  ABOUT_REGRESSION,
  ABOUT_SAME_MODEL,
  aboutBaseline,
  aboutMetric,
  aboutMixture,
  aboutSeveral,
  aboutWebhook,
  aboutWinRate,
} from "./about.ts";
import { fewest, samplesNeeded } from "./needed.ts";

export interface Explained {
  /** The error rates that the user bought, in sentences. */
  readonly promises: readonly string[];
  /** What they are about: whose judgement, and what counts as one piece of evidence. */
  readonly about: string;
  /** How much more evidence a verdict takes at the present estimate; only while there is none. */
  readonly needed: readonly string[];
}

type Gates = PreferenceCanarySpec["gates"];

/** What is known about a gate beside its status. `sameModel`: the candidate has stable's own model. `among`: it is one of so many. */
export function explainGate(
  { gates: asked, evidence }: Pick<PreferenceCanarySpec, "gates" | "evidence">,
  gate: GateStatus,
  sameModel: boolean,
  among?: number,
): Explained {
  const gates = gatesAmong({ gates: asked }, among);
  const { winRate, safety, compliance, regression, cohorts, mismatch, calibration, metrics = [], webhook } = gates;
  if (gate.name === "winRate") {
    const { comparisons } = evidence;
    const about = [
      aboutWinRate(comparisons),
      ...aboutMixture(comparisons),
      ...aboutSeveral(among),
      ...(comparisons.baseline ? [aboutBaseline(comparisons.baseline)] : sameModel ? [ABOUT_SAME_MODEL] : []),
    ];
    const test = winRateTest(winRateSpec(winRate, comparisons, sameModel));
    return { about: about.join(" "), ...explainThresholds(test, gate) };
  }
  if (gate.name === "compliance" && compliance !== undefined)
    return { about: ABOUT_COMPLIANCE, ...explainThresholds(winRateTest(thresholdSpec(compliance), RATINGS), gate) };
  if (gate.name === "regression" && regression !== undefined)
    return { about: ABOUT_REGRESSION, promises: regressionPromises(regressionSpec(regression)), needed: [] };
  if (gate.name === "cohorts" && cohorts !== undefined)
    return {
      about: `${aboutWinRate(evidence.comparisons)} ${ABOUT_COHORTS}`,
      promises: [cohortsPromise(cohortsSpec(cohorts))],
      needed: [],
    };
  if (gate.name === "mismatch" && mismatch !== undefined)
    return { about: ABOUT_MISMATCH, promises: [mismatchPromise(mismatchSpec(mismatch))], needed: [] };
  if (gate.name === "calibration" && calibration !== undefined)
    return {
      about: `${aboutWinRate(evidence.comparisons)} ${ABOUT_CALIBRATION}`,
      promises: [calibrationPromise(calibrationSpec(calibration))],
      needed: [],
    };
  if (gate.name === "safety" && safety !== undefined) return explainSafety(safety, gate);
  const metric = metrics.find(({ name }) => metricGateName(name) === gate.name);
  if (metric !== undefined)
    return { about: aboutMetric(metric), promises: [metricPromise(metricSpec(metric))], needed: [] };
  if (gate.name === "webhook" && webhook !== undefined)
    return { about: aboutWebhook(webhook), promises: [], needed: [] };
  return { about: "", promises: [], needed: [] };
}

function explainThresholds(test: WinRateTest, gate: GateStatus): Omit<Explained, "about"> {
  const { record } = test.wording;
  const state = readThresholds(gate);
  const promises = winRatePromises(test.spec);
  if (state.samples === 0) return { promises, needed: [] };
  const mean = state.sum / state.samples;
  const { carried, ...unchanged } = sinceChange(state);
  const promotion = samplesNeeded(test.promotion, unchanged, mean, test.logPromotionThreshold - carried);
  const rollback = samplesNeeded(test.rollback, sinceRetry(state), mean, test.logRollbackThreshold);
  const { change } = state.shift ?? {};
  const pass = promotion && Math.max(promotion, change ? settledAt(change) - state.samples : 0);
  const needed = [atRate(mean, "promotion", record, pass), atRate(mean, "rollback", record, rollback)];
  return { promises, needed };
}

function explainSafety(settings: NonNullable<Gates["safety"]>, gate: GateStatus): Explained {
  const test = safetyTest(safetySpec(settings));
  const state = readSafety(gate);
  const { checked: samples, violations: sum } = ofLastTry(state);
  const mean = samples === 0 ? undefined : sum / samples;
  const clean = (more: number) =>
    samples + more >= settings.minChecked && logEvidence(test.breach, samples + more, sum) <= 0;
  const needed = test.spec.require === "ProvenBelow" ? cleanChecksToPass(test, state) : fewest(clean);
  return {
    promises: [safetyPromise(test.spec)],
    about: "The rates are about the answers that are checked, as the checkers see them: one answer is one bet.",
    needed: [
      `A Pass takes ${needed ?? "too many"} more checks without a violation.`,
      ...(mean === undefined || mean === 0
        ? []
        : [atRate(mean, "rollback", "check", samplesNeeded(test.breach, { samples, sum }, mean, test.logThreshold))]),
    ],
  };
}

function atRate(mean: number, what: string, record: string, more: number | undefined): string {
  if (more === undefined) return `If it goes on at ${formatRate(mean)}, evidence for ${what} is never enough.`;
  return `If it goes on at ${formatRate(mean)}, ${what} takes about ${more} ${record}s more.`;
}
