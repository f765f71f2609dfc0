import * as z from "zod";
import { altogether, type CohortsState, emptyCohorts, tallyOf } from "../../../gates/cohorts.ts";
import type { GateStatus, Kept } from "./gate.ts";
import { readCrossing, writeCrossing } from "./two-thresholds.ts";

const VERSION = 1;
const count = z.int().nonnegative();

/** Bets of no declared cohort, each cohort's tally, and the places of the cohorts that a Fail names. */
const Numbers = z.tuple([z.literal(VERSION), count, z.array(z.tuple([count, z.number()])), z.array(count)]);
type Numbers = z.infer<typeof Numbers>;

export function readCohorts(names: readonly string[], gate: Kept | undefined): CohortsState {
  const { state: text, failedAt } = gate ?? {};
  const numbers = text === undefined ? undefined : parse(names, text);
  const [, unknown, tallies, harmed] = numbers ?? ([VERSION, 0, [], []] satisfies Numbers);
  const known = tallies.flatMap(([samples, sum], place) => {
    const name = names[place];
    return name === undefined || samples === 0 ? [] : [[name, { samples, sum }] as const];
  });
  const cohorts = harmed.flatMap((place) => names[place] ?? []);
  return {
    ...emptyCohorts,
    tallies: Object.fromEntries(known),
    unknown,
    ...(failedAt && { failedAt: { ...readCrossing(failedAt), cohorts } }),
  };
}

/** Nothing was folded yet, or the numbers are there. */
export function isReadableCohorts(names: readonly string[], { state, cursor }: GateStatus): boolean {
  return state === undefined ? cursor === undefined : parse(names, state) !== undefined;
}

export function writeCohorts(names: readonly string[], state: CohortsState): Kept {
  const { samples, sum } = altogether(state);
  const { failedAt, unknown } = state;
  const tallies = names.map((name): [number, number] => {
    const tally = tallyOf(state, name);
    return [tally.samples, tally.sum];
  });
  const harmed = (failedAt?.cohorts ?? []).map((name) => names.indexOf(name));
  return {
    samples,
    sum: String(sum),
    state: JSON.stringify([VERSION, unknown, tallies, harmed] satisfies Numbers),
    ...(failedAt && { failedAt: writeCrossing(failedAt) }),
  };
}

function parse(names: readonly string[], text: string): Numbers | undefined {
  try {
    const numbers = Numbers.safeParse(JSON.parse(text)).data;
    return numbers?.[2].length === names.length ? numbers : undefined;
  } catch {
    return undefined;
  }
}
