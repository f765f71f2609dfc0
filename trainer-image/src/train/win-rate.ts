import type { TrainResult } from "../../../src/api/contracts/train.ts";

const z95 = 1.959963984540054;

/**
 * Share of held-out pairs whose chosen answer the model prefers more than its reference did; a tie counts half.
 * The interval is Wilson's at 95% (Wilson 1927): held-out pairs are judged once, when all of them are there.
 */
export function winRate(margins: readonly number[]): TrainResult["validation"]["heldOutWinRate"] {
  const samples = margins.length;
  if (samples === 0) return null;
  const wins = margins.reduce((sum, margin) => sum + (margin > 0 ? 1 : margin === 0 ? 0.5 : 0), 0);
  const value = wins / samples;
  const spread = z95 ** 2 / samples;
  const center = (value + spread / 2) / (1 + spread);
  const half = (z95 / (1 + spread)) * Math.sqrt((value * (1 - value)) / samples + spread / (4 * samples));
  return { value, interval: [Math.max(0, center - half), Math.min(1, center + half)], samples };
}
