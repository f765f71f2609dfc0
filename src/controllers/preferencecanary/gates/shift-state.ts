import * as z from "zod";
import { emptyShift, type ShiftState } from "../../../gates/shifting.ts";
import type { GateStatus } from "./gate.ts";

const VERSION = 1;
const count = z.int().nonnegative();
const number = z.number();

/** The best start to look for a change from; number, bets and sum at the last change, what lay before it, what is carried. */
const Numbers = z.tuple([
  z.literal(VERSION),
  z.tuple([count, number]),
  z.tuple([count, count, number, count, number, number]).nullable(),
]);

/** A run that nothing was folded of yet has no text. */
export function readShift(text: string | undefined): ShiftState {
  const numbers = text === undefined ? undefined : parse(text);
  return numbers === undefined ? emptyShift : stateOf(numbers);
}

/**
 * Nothing was folded yet, or the numbers are there. Where a release without the monitor has written them they are not,
 * and all of the evidence is folded anew: from the sums alone nobody can tell when they changed.
 */
export function isReadableShift({ state, cursor }: GateStatus): boolean {
  return state === undefined ? cursor === undefined : parse(state) !== undefined;
}

export function writeShift({ best, change }: ShiftState): string {
  const numbers: z.infer<typeof Numbers> = [
    VERSION,
    [best.samples, best.sum],
    change
      ? [change.sequence, change.samples, change.sum, change.before.samples, change.before.sum, change.carried]
      : null,
  ];
  return JSON.stringify(numbers);
}

function parse(text: string): z.infer<typeof Numbers> | undefined {
  try {
    return Numbers.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function stateOf([, [samples, sum], change]: z.infer<typeof Numbers>): ShiftState {
  const best = { samples, sum };
  if (change === null) return { best };
  const [sequence, atSamples, atSum, beforeSamples, beforeSum, carried] = change;
  const before = { samples: beforeSamples, sum: beforeSum };
  return { best, change: { sequence, samples: atSamples, sum: atSum, before, carried } };
}
