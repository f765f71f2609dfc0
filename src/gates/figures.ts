import { formatPercent } from "../api/v1alpha1/quantity.ts";
import type { Interval } from "./interval.ts";
import type { Evidence } from "./mixture.ts";

/** Whole tenths of a percent, and more digits for the small rates that safety is about. */
export function formatRate(fraction: number): string {
  return formatPercent(fraction, Math.abs(fraction) < 0.01 ? 4 : 1);
}

export function formatCount(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** "62-72%": two digits of its width, rounded outwards, so that what is printed is still an interval. */
export function formatInterval({ low, high }: Interval): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(high - low)) - 1);
  const scale = 10 ** digits * 100;
  return `${Math.floor(low * scale) / (scale / 100)}-${Math.ceil(high * scale) / (scale / 100)}%`;
}

/**
 * The evidence itself from its natural logarithm: 1 is none, and it must grow to 20 for an error of 5%. Rounded down,
 * so that what reads as enough is enough.
 */
export function formatEvidence(log: number): string {
  const evidence = Math.exp(log);
  if (evidence < 0.01) return "under 0.01";
  if (evidence >= 1000) return "over 1000";
  const scale = evidence < 1 ? 100 : evidence < 100 ? 10 : 1;
  const rounding = 1e-9;
  return `${Math.floor(evidence * scale + rounding) / scale}`;
}

/** The evidence that decides. */
export function formatNeeded({ logThreshold }: Evidence): string {
  return `${Number(Math.exp(logThreshold).toPrecision(3))}`;
}
