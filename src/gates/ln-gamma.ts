const HALF_LN_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Below this Stirling's series is not accurate to double precision; the recurrence lifts the argument over it. */
const SERIES_FROM = 12;

/**
 * ln Γ(x) for x > 0, to about 1e-15 relative to the larger of 1 and the value.
 * Stirling's series (Abramowitz and Stegun 6.1.41) after the recurrence Γ(x) = Γ(x+1)/x.
 */
export function lnGamma(x: number): number {
  let argument = x;
  let product = 1;
  while (argument < SERIES_FROM) {
    product *= argument;
    argument += 1;
  }
  const inverse = 1 / argument;
  const square = inverse * inverse;
  const series =
    inverse *
    (1 / 12 -
      square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - (square * 691) / 360360)))));
  return (argument - 0.5) * Math.log(argument) - argument + HALF_LN_TWO_PI + series - Math.log(product);
}

/** ln B(a, b) for a, b > 0. */
export function lnBeta(a: number, b: number): number {
  return lnGamma(a) + lnGamma(b) - lnGamma(a + b);
}
