import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../api/v1alpha1/quantity.ts";
import { WATCH } from "../../controllers/preferencecanary/run/steps.ts";
import type { SimulatedRun } from "./run.ts";

/** What came of the runs at one true win rate. Rates are fractions of the runs. */
export interface Planned {
  readonly truth: number;
  /** Of all comparisons; there where some cohort has another win rate than `truth`. */
  readonly mean?: number;
  readonly runs: number;
  readonly promoted: number;
  readonly rolledBack: number;
  readonly undecided: number;
  /** By the gate or rule that took the candidate back; what is found while a promoted candidate is watched, apart. */
  readonly rolledBackBy: Readonly<Record<string, number>>;
  /** Until the run ended, or was given up. */
  readonly meanComparisons: number;
  readonly medianComparisons: number;
  readonly p90Comparisons: number;
  readonly meanHours: number;
  readonly medianHours: number;
  readonly p90Hours: number;
  /** The wrong decision at this mean, and how often it is promised to happen at most; null between min and target. */
  readonly error: PlannedError | null;
}

export interface PlannedError {
  readonly outcome: "promoted" | "rolledBack";
  readonly rate: number;
  readonly promised: number;
}

const HOUR_MS = 3_600_000;

export function planned(
  spec: PreferenceCanarySpec,
  { truth, mean: ofAll }: { readonly truth: number; readonly mean: number },
  runs: readonly SimulatedRun[],
): Planned {
  const share = (of: (run: SimulatedRun) => boolean) => runs.filter(of).length / runs.length;
  const promoted = share(({ end }) => end?.outcome === "Promoted");
  const rolledBackBy = reasons(runs);
  const comparisons = runs.map((run) => run.comparisons).toSorted((a, b) => a - b);
  const hours = runs.map(({ ms }) => ms / HOUR_MS).toSorted((a, b) => a - b);
  return {
    truth,
    ...(ofAll !== truth && { mean: ofAll }),
    runs: runs.length,
    promoted,
    rolledBack: share(({ end }) => end?.outcome === "RolledBack"),
    undecided: share(({ end }) => end === undefined),
    rolledBackBy,
    meanComparisons: mean(comparisons),
    medianComparisons: quantile(comparisons, 0.5),
    p90Comparisons: quantile(comparisons, 0.9),
    meanHours: mean(hours),
    medianHours: quantile(hours, 0.5),
    p90Hours: quantile(hours, 0.9),
    error: errorAt(spec, ofAll, promoted, rolledBackBy.winRate ?? 0),
  };
}

/** A reason begins with what found it. */
function reasons(runs: readonly SimulatedRun[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { end, step } of runs) {
    if (end?.outcome !== "RolledBack") continue;
    const found = end.reason.slice(0, Math.max(0, end.reason.indexOf(":")));
    const by = step === WATCH ? `${found} after promotion` : found;
    counts[by] = (counts[by] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([by, count]) => [by, count / runs.length]));
}

function errorAt(
  { gates: { winRate } }: PreferenceCanarySpec,
  truth: number,
  promoted: number,
  rolledBack: number,
): PlannedError | null {
  if (truth <= parsePercent(winRate.min)) {
    return { outcome: "promoted", rate: promoted, promised: parsePercent(winRate.falsePromotion) };
  }
  if (truth < parsePercent(winRate.target)) return null;
  return { outcome: "rolledBack", rate: rolledBack, promised: parsePercent(winRate.falseRollback) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of sorted values; the lower one where two are as near. */
function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.ceil(fraction * sorted.length) - 1] ?? Number.NaN;
}
