import type { CheckRecord, Comparison, RatingRecord } from "../../api/contracts/collector-api.ts";
import { rounded } from "../../api/v1alpha1/quantity.ts";
import type { Answer } from "../../controllers/preferencecanary/evidence/evidence.ts";
import type { AskedGate } from "./asked.ts";

/** Evidence as the collector would number it, in simulated time. */
export interface Arrival {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly comparison?: Comparison;
  readonly check?: CheckRecord;
  readonly rating?: UnservedRating;
  readonly answer?: { readonly gate: string; readonly record: Answer };
}

/** A rating before it is known which arm served the answer: that is a matter of the weights of then. */
export interface UnservedRating extends Omit<RatingRecord, "revision" | "outcome"> {
  /** From 0 to 1: the candidate serves what is under its share of the requests. */
  readonly answeredBy: number;
  /** What the rater says in either case. */
  readonly ofCandidate: 0 | 1;
  readonly ofStable: 0 | 1;
}

/** What is true of the candidate, and how fast it is found out. */
export interface Truth {
  /** Fraction of the comparisons that prefer the candidate, ties as halves. */
  readonly winRate: number;
  /** Fraction of the comparisons. */
  readonly tieRate: number;
  readonly comparisonsPerHour: number;
  /** Fraction of the checked answers. */
  readonly violationRate: number;
  /** 0: nobody checks answers. */
  readonly checksPerHour: number;
  /** Of answers that users got, of whichever arm; 0: nobody rates. */
  readonly ratingsPerHour: number;
  /** Fractions of the ratings that approve. */
  readonly approvalRate: number;
  readonly stableApprovalRate: number;
  /** Every comparison is of another unit (a prompt, or a rater) unless they come from this many again and again. */
  readonly units?: number;
  /** Every comparison is of one of them, each as often as the others; of none where there are none. */
  readonly cohorts?: readonly string[];
  /** Of those that have another win rate than the others. */
  readonly cohortWinRates?: Readonly<Record<string, number>>;
  /** What other systems are asked, from the beginning on. */
  readonly asked: readonly AskedGate[];
  /** Fraction of each metric's samples. */
  readonly breachRate: number;
}

/** What holds at every true win rate. */
export type TrueWorld = Omit<Truth, "winRate">;

export function winRateIn({ winRate, cohortWinRates = {} }: Truth, cohort: string | null): number {
  return (cohort === null || !Object.hasOwn(cohortWinRates, cohort) ? undefined : cohortWinRates[cohort]) ?? winRate;
}

/** Of all comparisons, each cohort having as many as the others. */
export function meanWinRate(truth: Truth): number {
  const { winRate, cohorts = [], cohortWinRates } = truth;
  if (cohortWinRates === undefined) return winRate;
  return rounded(cohorts.reduce((sum, cohort) => sum + winRateIn(truth, cohort), 0) / cohorts.length);
}

/** A stream that can be read ahead. */
export interface Arrivals {
  /** The next ones up to and at `until`, at most `limit` beside what other systems answer. */
  take(until: number, limit: number): Arrival[];
  /** These come next again. */
  putBack(arrivals: readonly Arrival[]): void;
}

const HOUR_MS = 3_600_000;

/** Comparisons, checks and ratings at random times, each with an average rate of its own; answers of others by the clock. */
export function arrivals(truth: Truth, start: number, random: () => number): Arrivals {
  const votes = new Map<number, number>();
  let waiting: Arrival[] = [];
  let sequence = 0;
  const poisson = (perHour: number, make: (at: number) => Partial<Arrival>) => {
    return { at: start + gap(perHour, random), gap: () => gap(perHour, random), make };
  };
  const streams = [
    poisson(truth.comparisonsPerHour, compared),
    poisson(truth.checksPerHour, checked),
    poisson(truth.ratingsPerHour, rated),
    ...truth.asked.map((asked) => ({ at: start, gap: () => asked.intervalMs, make: answersOf(asked) })),
  ];

  function next(): Arrival {
    const first = streams.reduce((one, other) => (other.at < one.at ? other : one));
    const { at, make } = first;
    sequence += 1;
    first.at += first.gap();
    return { at, ...make(at) };
  }

  function answersOf({ gate, good, breach }: AskedGate) {
    let times = 0;
    return (at: number): Pick<Arrival, "answer"> => {
      times += 1;
      const id = new Date(at).toISOString();
      const said = breach !== undefined && random() < truth.breachRate ? breach : good;
      return { answer: { gate, record: { sequence: times, id, at: id, said } } };
    };
  }

  /** The candidate knows how often it wins. A unit is a prompt with a rater of its own, so that it is one whatever the canary takes for one. */
  function compared(at: number): Pick<Arrival, "comparison"> {
    const drawn = random();
    const unit = truth.units === undefined ? sequence : Math.floor(random() * truth.units);
    const vote = truth.units === undefined ? 1 : (votes.get(unit) ?? 0) + 1;
    if (truth.units !== undefined) votes.set(unit, vote);
    const cohort = cohortOf();
    const winRate = winRateIn(truth, cohort);
    return {
      comparison: {
        ...identity(at),
        outcome: outcomeAt(winRate, drawn),
        unit: hex(unit),
        vote,
        raterVote: vote,
        labeler: `rater ${unit}`,
        cohort,
        margin: Math.log(winRate / (1 - winRate)),
      },
    };
  }

  /** Of a number from 0 to 1: the first wins, the last ties. */
  function outcomeAt(winRate: number, drawn: number): number {
    if (drawn >= 1 - truth.tieRate) return 0.5;
    return drawn < winRate - truth.tieRate / 2 ? 1 : 0;
  }

  function cohortOf(): string | null {
    const { cohorts = [] } = truth;
    return cohorts.length === 0 ? null : (cohorts[Math.floor(random() * cohorts.length)] ?? null);
  }

  function checked(at: number): Pick<Arrival, "check"> {
    return { check: { ...identity(at), answer: `a${sequence}`, violation: random() < truth.violationRate } };
  }

  /** Each by another rater. */
  function rated(at: number): Pick<Arrival, "rating"> {
    const approves = (rate: number) => (random() < rate ? 1 : 0);
    const said = { ofCandidate: approves(truth.approvalRate), ofStable: approves(truth.stableApprovalRate) } as const;
    return { rating: { ...identity(at), unit: hex(sequence), vote: 1, answeredBy: random(), ...said } };
  }

  function identity(at: number) {
    return { sequence, id: `e${sequence}`, at: new Date(at).toISOString() };
  }

  return {
    take(until, limit) {
      const taken: Arrival[] = [];
      for (let counted = 0; counted < limit; ) {
        const arrival = waiting.shift() ?? next();
        if (arrival.at > until) {
          waiting.unshift(arrival);
          break;
        }
        taken.push(arrival);
        if (arrival.answer === undefined) counted += 1;
      }
      return taken;
    },
    putBack(arrivals) {
      waiting = [...arrivals, ...waiting];
    },
  };
}

function hex(unit: number): string {
  return unit.toString(16).padStart(64, "0");
}

/** Whole milliseconds, as the clock has them, to the next one of a Poisson stream; forever at a rate of 0. */
function gap(perHour: number, random: () => number): number {
  return perHour === 0 ? Number.POSITIVE_INFINITY : Math.ceil((-Math.log1p(-random()) / perHour) * HOUR_MS);
}
