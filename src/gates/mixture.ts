/**
 * An e-process over outcomes in [0, 1] for a null hypothesis about their mean.
 *
 * For one alternative mean m1 against the null mean m0 the bet
 * `e(x) = (m1/m0)^x ((1-m1)/(1-m0))^(1-x)` is convex in x, so its mean under the null is at most 1, and the running
 * product ever reaches 1/alpha with probability at most alpha (Wald 1945, Ville 1939). A weighted mean of such products
 * (Robbins 1970) keeps that. Each product depends on the number and the sum of the outcomes alone.
 */
export interface Mixture {
  readonly components: readonly Component[];
}

interface Component {
  readonly logWeight: number;
  /** ln(m1/m0): what a whole win adds. */
  readonly win: number;
  /** ln((1-m1)/(1-m0)): what a whole loss adds. */
  readonly loss: number;
}

/** An alternative mean, strictly between 0 and 1, and its share of the initial stake. */
export interface Alternative {
  readonly mean: number;
  readonly weight: number;
}

/** A weight spread over the midpoints of equal cells between two means. */
export function evenly(from: number, to: number, points: number, weight: number): Alternative[] {
  const cell = (to - from) / points;
  return Array.from({ length: points }, (_, i) => ({ mean: from + (i + 0.5) * cell, weight: weight / points }));
}

/** Natural logarithms: of what there is, and of what is needed. 0 is no evidence, under 0 evidence for the opposite. */
export interface Evidence {
  readonly log: number;
  readonly logThreshold: number;
}

/** `alternatives` must all lie on one side of `nullMean`, with weights that sum to 1. */
export function mixtureAgainst(nullMean: number, alternatives: readonly Alternative[]): Mixture {
  return {
    components: alternatives.map(({ mean, weight }) => ({
      logWeight: Math.log(weight),
      win: Math.log(mean / nullMean),
      loss: Math.log1p(-mean) - Math.log1p(-nullMean),
    })),
  };
}

/**
 * The natural logarithm of the evidence after `samples` outcomes that sum to `sum`.
 * Computed anew from the two, not accumulated: no rounding error builds up, and a restart needs nothing else.
 */
export function logEvidence(mixture: Mixture, samples: number, sum: number): number {
  const { components } = mixture;
  const losses = samples - sum;
  let largest = Number.NEGATIVE_INFINITY;
  for (const { logWeight, win, loss } of components) {
    const log = logWeight + sum * win + losses * loss;
    if (log > largest) largest = log;
  }
  let scaled = 0;
  for (const { logWeight, win, loss } of components)
    scaled += Math.exp(logWeight + sum * win + losses * loss - largest);
  return largest + Math.log(scaled);
}

/** Whether the evidence is at or over a threshold. Most looks are far from it and cost no exponential. */
export function reaches(mixture: Mixture, samples: number, sum: number, logThreshold: number): boolean {
  const losses = samples - sum;
  // A weighted mean is never more than its largest part.
  const possible = mixture.components.some(({ win, loss }) => sum * win + losses * loss >= logThreshold);
  return possible && logEvidence(mixture, samples, sum) >= logThreshold;
}
