import { krippendorffAlpha, type RatedUnits } from "./krippendorff.ts";
import { poisson } from "./poisson.ts";

const resamples = 1000;

/**
 * 95% interval of alpha by the Poisson bootstrap over units: each unit is drawn Poisson(1) times, so units of one shape
 * together Poisson(their number) times, and a million units cost as little as their few shapes. null when too few
 * resamples have an alpha.
 */
export function agreementInterval(rated: readonly RatedUnits[], random: () => number): [number, number] | null {
  const alphas: number[] = [];
  for (let resample = 0; resample < resamples; resample += 1) {
    const drawn = rated.map(({ counts, units }) => ({ counts, units: poisson(units, random) }));
    const alpha = krippendorffAlpha(drawn);
    if (alpha !== null) alphas.push(alpha);
  }
  alphas.sort((a, b) => a - b);
  const low = alphas[Math.floor(0.025 * alphas.length)];
  const high = alphas[Math.ceil(0.975 * alphas.length) - 1];
  if (low === undefined || high === undefined || alphas.length < resamples / 2) return null;
  return [low, high];
}
