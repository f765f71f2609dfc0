import { parsePercent } from "../api/v1alpha1/quantity.ts";
import { UsageError } from "./failure.ts";

/** Values of options, as their text is read. All throw {@link UsageError}. */

/** "45%" → 0.45. */
export function percentOption(name: string, text: string): number {
  try {
    return parsePercent(text);
  } catch {
    throw new UsageError(`${name}: "${text}" is not a percentage such as 65%`);
  }
}

/** "60%,70%" → [0.6, 0.7]. */
export function percentsOption(name: string, text: string): number[] {
  return text.split(",").map((part) => percentOption(name, part.trim()));
}

/** A whole number that is at least `least`. */
export function wholeOption(name: string, text: string, least: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new UsageError(`${name}: "${text}" is not a whole number of at least ${least}`);
  return value;
}

/** A number over 0. */
export function positiveOption(name: string, text: string): number {
  const value = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0)) throw new UsageError(`${name}: "${text}" is not a number over 0`);
  return value;
}

/** What an option says; without it there is nothing to do. */
export function required(name: string, text: string | undefined): string {
  if (text === undefined) throw new UsageError(`${name} is missing`);
  return text;
}
