import * as z from "zod";

/**
 * Scalars of the API, as text: the API server must store what the user wrote, so there are no floats.
 * Each one has a schema (pattern and description) and a pure parser into the unit that the code computes with.
 */

const PERCENT = /^(100(\.0{1,6})?|[0-9]{1,2}(\.[0-9]{1,6})?)%$/;
const DECIMAL = /^[0-9]{1,9}(\.[0-9]{1,12})?(e-?[0-9]{1,2})?$/;
/** Gateway API's duration (GEP-2257): at most four of hours, minutes, seconds and milliseconds. */
const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function percent(description: string) {
  return z.string().max(11).regex(PERCENT).describe(`${description} A percentage such as "65%" or "0.01%".`);
}

export function decimal(description: string) {
  return z.string().max(24).regex(DECIMAL).describe(`${description} A decimal as text, such as "0.1" or "5e-7".`);
}

export function duration(description: string) {
  return z.string().max(28).regex(DURATION).describe(`${description} A duration such as "30s", "10m" or "1h30m".`);
}

export function digest(description: string) {
  return z.string().max(71).regex(DIGEST).describe(`${description} Written as sha256:<64 hexadecimal digits>.`);
}

/** "65%" → 0.65. Throws on anything that {@link percent} would refuse. */
export function parsePercent(text: string): number {
  if (!PERCENT.test(text)) throw new Error(`"${text}" is not a percentage such as "65%"`);
  return rounded(Number(text.slice(0, -1)) / 100);
}

/** Without what binary fractions leave over: "0.01%" is 0.0001 and not 0.00010000000000000002. */
export function rounded(fraction: number): number {
  return Number(fraction.toPrecision(12));
}

/** 0.65 → "65%", with at most `digits` decimals and no trailing zeros. */
export function formatPercent(fraction: number, digits = 1): string {
  return `${Number((fraction * 100).toFixed(digits))}%`;
}

export function parseDecimal(text: string): number {
  if (!DECIMAL.test(text)) throw new Error(`"${text}" is not a decimal such as "0.1"`);
  return Number(text);
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** "1h30m" → milliseconds. Throws on anything that {@link duration} would refuse. */
export function parseDuration(text: string): number {
  if (!DURATION.test(text)) throw new Error(`"${text}" is not a duration such as "10m"`);
  let total = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g))
    total += Number(count) * (UNIT_MS[unit ?? ""] ?? 0);
  return total;
}

/** Milliseconds, rounded down to whole seconds, as parseDuration reads them: "212h", "1h30m", "12s". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = { h: Math.floor(seconds / 3600), m: Math.floor(seconds / 60) % 60, s: seconds % 60 };
  const text = Object.entries(parts).map(([unit, count]) => (count > 0 ? `${count}${unit}` : ""));
  return text.join("") || "0s";
}

/** Milliseconds as the two largest units that matter to a reader: "3d4h", "2h5m", "4m10s", "12s". */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [d, h, m, s] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  if (d > 0) return h > 0 ? `${d}d${h}h` : `${d}d`;
  if (h > 0) return m > 0 ? `${h}h${m}m` : `${h}h`;
  if (m > 0) return s > 0 ? `${m}m${s}s` : `${m}m`;
  return `${s}s`;
}
