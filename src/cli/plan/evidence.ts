import type { RatingRecord } from "../../api/contracts/collector-api.ts";
import type { Answer, Cursors, Evidence, Stream } from "../../controllers/preferencecanary/evidence/evidence.ts";
import type { Facts } from "../../controllers/preferencecanary/facts.ts";
import { isAsked } from "../../controllers/preferencecanary/gates/gate-names.ts";
import type { GateStatus } from "../../controllers/preferencecanary/gates/gates.ts";
import { WHOLE } from "../../traffic/slots.ts";
import type { Arrival } from "./arrivals.ts";

/** Whose answers users get. */
export interface Arms {
  readonly candidate: string;
  readonly stable: string;
  /** Fraction of the requests that the candidate serves. */
  readonly share: number;
}

export function armsOf({ run, observed }: Facts): Arms {
  const { candidate, stable } = run;
  if (candidate === undefined || stable === undefined) throw new Error("a run without its two arms");
  const { weight = 0 } = observed.route?.slots?.find(({ revision }) => revision === candidate.revision) ?? {};
  return { candidate: candidate.revision, stable, share: weight / WHOLE };
}

/** What the controller reads when these have come since `gates` were folded, of which the cursors are. */
export function evidenceOf(
  cursors: Cursors,
  gates: readonly GateStatus[],
  arrivals: readonly Arrival[],
  arms?: Arms,
): Evidence {
  const { comparisons = null, checks = null, ratings = null } = cursors;
  const access = { type: "Readable" } as const;
  const rated = arms === undefined ? [] : arrivals.flatMap((arrival) => ratingOf(arrival, arms));
  const first = ratings === null ? rated.findIndex(({ revision }) => revision === arms?.candidate) : 0;
  return {
    comparisons: { from: comparisons, records: arrivals.flatMap(({ comparison }) => comparison ?? []), access },
    checks: { from: checks, records: arrivals.flatMap(({ check }) => check ?? []), access },
    // The stream begins with the first rating of the candidate.
    ratings: { from: ratings, records: first < 0 ? [] : rated.slice(first), access },
    answers: Object.fromEntries(
      gates.filter(({ name }) => isAsked(name)).map((gate) => [gate.name, answersTo(gate, arrivals)]),
    ),
  };
}

function answersTo({ name, cursor }: GateStatus, arrivals: readonly Arrival[]): Stream<Answer> {
  const records = arrivals.flatMap(({ answer }) => (answer?.gate === name ? [answer.record] : []));
  return { from: cursor ?? null, records, access: { type: "Readable" } };
}

function ratingOf({ rating }: Arrival, { candidate, stable, share }: Arms): RatingRecord[] {
  if (rating === undefined) return [];
  const { answeredBy, ofCandidate, ofStable, ...record } = rating;
  const isCandidate = answeredBy < share;
  return [{ ...record, revision: isCandidate ? candidate : stable, outcome: isCandidate ? ofCandidate : ofStable }];
}
