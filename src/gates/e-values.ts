/**
 * What several e-values say together, each against a hypothesis of its own. They may depend on one another in any way.
 * All are given as natural logarithms.
 */

/** The mean of e-values is one against "all the hypotheses hold" (Vovk and Wang 2021, "E-values"). */
export function logMean(logs: readonly number[]): number {
  const largest = Math.max(...logs);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  const scaled = logs.reduce((sum, log) => sum + Math.exp(log - largest), 0);
  return largest + Math.log(scaled / logs.length);
}

/**
 * The positions of the hypotheses that can be named: of the k largest e-values the most for which the k-th is at least
 * K/(k alpha). Of those named the expected part that is named wrongly is at most alpha (Wang and Ramdas 2022, "False
 * discovery rate control with e-values", the e-BH procedure).
 */
export function namedBy(logs: readonly number[], alpha: number): number[] {
  const sorted = logs.map((log, position) => ({ log, position })).toSorted((a, b) => b.log - a.log);
  const enough = sorted.findLastIndex(({ log }, i) => log >= Math.log(logs.length / ((i + 1) * alpha)));
  return sorted.slice(0, enough + 1).map(({ position }) => position);
}
