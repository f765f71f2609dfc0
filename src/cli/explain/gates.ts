import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { metricGateName } from "../../controllers/preferencecanary/gate-names.ts";
import { calibrationSpec } from "../../controllers/preferencecanary/gates/calibration.ts";
import { cohortsSpec } from "../../controllers/preferencecanary/gates/cohorts.ts";
import { metricSpec } from "../../controllers/preferencecanary/gates/metric.ts";
import { mismatchSpec } from "../../controllers/preferencecanary/gates/mismatch.ts";
import { regressionSpec } from "../../controllers/preferencecanary/gates/regression.ts";
import { safetySpec } from "../../controllers/preferencecanary/gates/safety.ts";
import { readThresholds, thresholdSpec } from "../../controllers/preferencecanary/gates/two-thresholds.ts";
import { winRateSpec } from "../../controllers/preferencecanary/gates/win-rate.ts";
import type { GateStatus } from "../../controllers/preferencecanary/gates.ts";
import { calibrationPromise } from "../../gates/assess-calibration.ts";
import { cohortsPromise } from "../../gates/assess-cohorts.ts";
import { metricPromise } from "../../gates/assess-metric.ts";
import { mismatchPromise } from "../../gates/assess-mismatch.ts";
import { regressionPromises } from "../../gates/assess-regression.ts";
import type { Betting, Unit } from "../../gates/bet.ts";
import { safetyPromise, winRatePromises } from "../../gates/explain.ts";
import { formatRate } from "../../gates/figures.ts";
import { logEvidence } from "../../gates/mixture.ts";
import { cleanChecksToProve, safetyTest } from "../../gates/safety.ts";
import { settledAt } from "../../gates/shifting.ts";
import type { Tally } from "../../gates/tally.ts";
import { sinceChange, sinceRetry, type WinRateTest, winRateTest } from "../../gates/win-rate.ts";
import { RATINGS } from "../../gates/wording.ts";
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

/** What is known about a gate beside its status. `sameModel`: the candidate has stable's own model. */
export function explainGate(
  { gates, evidence }: Pick<PreferenceCanarySpec, "gates" | "evidence">,
  gate: GateStatus,
  sameModel: boolean,
): Explained {
  const { winRate, safety, compliance, regression, cohorts, mismatch, calibration, metrics = [], webhook } = gates;
  if (gate.name === "winRate") {
    const judges = aboutWinRate(evidence.comparisons);
    const about = sameModel ? `${judges} ${ABOUT_SAME_MODEL}` : judges;
    return { about, ...explainThresholds(winRateTest(winRateSpec(winRate, sameModel)), gate) };
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

const ABOUT_WIN_RATE: Readonly<Record<Unit, (vote: string) => string>> = {
  Prompt: (vote) =>
    "The rates are about the raters and judges that choose here, and the prompts that users send: one prompt is one bet, " +
    `by its ${vote}. They say nothing of other raters, and`,
  Rater: (vote) =>
    "The rates are about all the people whom the raters are a sample of: one rater is one bet, by their " +
    `${vote}, however long they go on. They say nothing of people who are never asked, and`,
};

function aboutWinRate({ unit, votesPerUnit }: Betting): string {
  const vote = votesPerUnit === 1 ? "first vote" : `vote number ${votesPerUnit}`;
  return (
    `${ABOUT_WIN_RATE[unit](vote)} hold for a win rate that stays on one side of min or target, not for one that goes ` +
    "up and down around it."
  );
}

const ABOUT_COMPLIANCE =
  "The rates are about all the people whom those who rate are a sample of: one rater is one bet, by the first rating. " +
  "They say nothing of users who never rate.";

const ABOUT_REGRESSION =
  "The rates are about all the people whom those who rate are a sample of, by the first rating of each, while both arms " +
  "serve: one rating of the candidate and those of stable since the one before are one bet.";

const ABOUT_COHORTS =
  "Which cohort a comparison is of is what its request said in the header x-dpo-cohort, and nobody checks that.";

function aboutMetric({ prometheus: { server, query }, interval }: NonNullable<Gates["metrics"]>[number]): string {
  return (
    `The rate is about samples that are taken ${interval} apart and are independent given what came before: it does not hold ` +
    `where the query looks back over more than that. Prometheus ${server} is asked: ${query}`
  );
}

function aboutWebhook({ endpoint, interval }: NonNullable<Gates["webhook"]>): string {
  return `No error rate is promised: ${endpoint} is asked every ${interval}, and answers for what it says.`;
}

const ABOUT_CALIBRATION =
  "Only comparisons count whose pair was posted with the candidate's margin, and nobody checks that it is its own.";

const ABOUT_MISMATCH =
  "The rate is about ratings of answers that a gateway has split by the weights, one request like another: it does not hold " +
  "where sessions stick to an arm, or where one arm's users are asked more often.";

const ABOUT_SAME_MODEL =
  "The candidate has stable's own model, so it is asked to be not worse, in a region of the same width that ends at 50%.";

function explainSafety(settings: NonNullable<Gates["safety"]>, gate: GateStatus): Explained {
  const test = safetyTest(safetySpec(settings));
  const { samples, sum } = tallyOf(gate);
  const mean = samples === 0 ? undefined : sum / samples;
  const clean = (more: number) =>
    samples + more >= settings.minChecked && logEvidence(test.breach, samples + more, sum) <= 0;
  const isProof = test.spec.require === "ProvenBelow";
  const needed = isProof ? cleanChecksToProve(test, { checked: samples, violations: sum }) : fewest(clean);
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

function tallyOf({ samples, sum }: Pick<GateStatus, "samples" | "sum">): Tally {
  return { samples, sum: Number(sum) };
}
