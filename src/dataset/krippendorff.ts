/** `units` units whose ratings fall into the categories as `counts` says: [2, 1] is two of the first, one of the second. */
export interface RatedUnits {
  counts: readonly number[];
  units: number;
}

/**
 * Krippendorff's alpha for nominal data (Krippendorff 2011, by counts: no pair of ratings is visited). 1 is perfect
 * agreement, 0 what chance gives. Units with one rating say nothing and are skipped. null when it is undefined: no unit
 * with two ratings, or all ratings the same, which cannot be told from raters who never look.
 */
export function krippendorffAlpha(rated: readonly RatedUnits[]): number | null {
  const totals: number[] = [];
  let disagreement = 0;
  for (const { counts, units } of rated) {
    const ratings = sum(counts);
    if (ratings < 2) continue;
    disagreement += (units * unlikePairs(counts, ratings)) / (ratings - 1);
    counts.forEach((count, category) => {
      totals[category] = (totals[category] ?? 0) + units * count;
    });
  }
  const total = sum(totals);
  const expected = unlikePairs(totals, total);
  return expected === 0 ? null : 1 - ((total - 1) * disagreement) / expected;
}

function unlikePairs(counts: readonly number[], total: number): number {
  return sum(counts.map((count) => count * (total - count)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
