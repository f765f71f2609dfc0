import type { CheckRecord, Comparison } from "../../api/contracts/collector-api.ts";

/** Evidence as the collector would number it, in simulated time. */
export interface Arrival {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly comparison?: Comparison;
  readonly check?: CheckRecord;
}

/** What is true of the candidate, and how fast it is found out. */
export interface Truth {
  /** Fraction of the comparisons that prefer the candidate. */
  readonly winRate: number;
  readonly comparisonsPerHour: number;
  /** Fraction of the checked answers. */
  readonly violationRate: number;
  /** 0: nobody checks answers. */
  readonly checksPerHour: number;
  /** Every comparison is of another unit (a prompt, or a rater) unless they come from this many again and again. */
  readonly units?: number;
}

/** A stream that can be read ahead. */
export interface Arrivals {
  /** The next ones up to and at `until`, at most `limit`. */
  take(until: number, limit: number): Arrival[];
  /** These come next again. */
  putBack(arrivals: readonly Arrival[]): void;
}

const HOUR_MS = 3_600_000;

/** Comparisons and checks at random times, each with the average rate of its own. */
export function arrivals(truth: Truth, start: number, random: () => number): Arrivals {
  const { comparisonsPerHour, checksPerHour } = truth;
  const votes = new Map<number, number>();
  let waiting: Arrival[] = [];
  let sequence = 0;
  let comparisonAt = start + gap(comparisonsPerHour, random);
  let checkAt = start + gap(checksPerHour, random);

  function next(): Arrival {
    sequence += 1;
    if (comparisonAt <= checkAt) {
      const at = comparisonAt;
      comparisonAt += gap(comparisonsPerHour, random);
      return { at, comparison: compared(at) };
    }
    const at = checkAt;
    checkAt += gap(checksPerHour, random);
    return { at, check: { ...identity(at), answer: `a${sequence}`, violation: random() < truth.violationRate } };
  }

  function compared(at: number): Comparison {
    const outcome = random() < truth.winRate ? 1 : 0;
    const unit = truth.units === undefined ? sequence : Math.floor(random() * truth.units);
    const vote = truth.units === undefined ? 1 : (votes.get(unit) ?? 0) + 1;
    if (truth.units !== undefined) votes.set(unit, vote);
    return { ...identity(at), outcome, unit: unit.toString(16).padStart(64, "0"), vote, labeler: null };
  }

  function identity(at: number) {
    return { sequence, id: `e${sequence}`, at: new Date(at).toISOString() };
  }

  return {
    take(until, limit) {
      const taken: Arrival[] = [];
      while (taken.length < limit) {
        const arrival = waiting.shift() ?? next();
        if (arrival.at > until) {
          waiting.unshift(arrival);
          break;
        }
        taken.push(arrival);
      }
      return taken;
    },
    putBack(arrivals) {
      waiting = [...arrivals, ...waiting];
    },
  };
}

/** Whole milliseconds, as the clock has them, to the next one of a Poisson stream; forever at a rate of 0. */
function gap(perHour: number, random: () => number): number {
  return perHour === 0 ? Number.POSITIVE_INFINITY : Math.ceil((-Math.log1p(-random()) / perHour) * HOUR_MS);
}
