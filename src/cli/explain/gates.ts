import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { safetySpec } from "../../controllers/preferencecanary/gates/safety.ts";
import { winRateSpec } from "../../controllers/preferencecanary/gates/win-rate.ts";
import type { GateStatus } from "../../controllers/preferencecanary/gates.ts";
import { safetyPromise, winRatePromises } from "../../gates/explain.ts";
import { formatRate } from "../../gates/figures.ts";
import { logEvidence } from "../../gates/mixture.ts";
import { cleanChecksToProve, safetyTest } from "../../gates/safety.ts";
import { since, type Tally } from "../../gates/tally.ts";
import { winRateTest } from "../../gates/win-rate.ts";
import { fewest, samplesNeeded } from "./needed.ts";

export interface Explained {
  /** The error rates that the user bought, in sentences. */
  readonly promises: readonly string[];
  /** What they are about: whose judgement, and what counts as one piece of evidence. */
  readonly about: string;
  /** How much more evidence a verdict takes at the present estimate; only while there is none. */
  readonly needed: readonly string[];
}

/** What is known about a gate beside its status. `sameModel`: the candidate has stable's own model. */
export function explainGate(gates: PreferenceCanarySpec["gates"], gate: GateStatus, sameModel: boolean): Explained {
  if (gate.name === "winRate") return explainWinRate(gates.winRate, gate, sameModel);
  if (gate.name === "safety" && gates.safety !== undefined) return explainSafety(gates.safety, gate);
  return { promises: [], about: "", needed: [] };
}

function explainWinRate(settings: PreferenceCanarySpec["gates"]["winRate"], gate: GateStatus, sameModel: boolean) {
  const test = winRateTest(winRateSpec(settings, sameModel));
  const tally = tallyOf(gate);
  const tried = since(tally, gate.rollbackFrom && tallyOf(gate.rollbackFrom));
  const mean = tally.samples === 0 ? undefined : tally.sum / tally.samples;
  const more = (what: string, mixture: typeof test.promotion, from: Tally, threshold: number) =>
    mean === undefined ? [] : [atRate(mean, what, "comparison", samplesNeeded(mixture, from, mean, threshold))];
  return {
    promises: winRatePromises(test.spec),
    about: sameModel ? `${ABOUT_WIN_RATE} ${ABOUT_SAME_MODEL}` : ABOUT_WIN_RATE,
    needed: [
      ...more("promotion", test.promotion, tally, test.logPromotionThreshold),
      ...more("rollback", test.rollback, tried, test.logRollbackThreshold),
    ],
  };
}

const ABOUT_WIN_RATE =
  "The rates are about the raters and judges that choose here, and the prompts that users send: one prompt is one bet, " +
  "by its first vote. They say nothing of other raters, and hold for a win rate that stays on one side of min or target, " +
  "not for one that goes up and down around it.";

const ABOUT_SAME_MODEL =
  "The candidate has stable's own model, so it is asked to be not worse, in a region of the same width that ends at 50%.";

function explainSafety(settings: NonNullable<PreferenceCanarySpec["gates"]["safety"]>, gate: GateStatus): Explained {
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
