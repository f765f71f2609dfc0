import { createHash } from "node:crypto";
import type { CheckRecord, Comparison, Cursor, RatingRecord } from "../../src/api/contracts/collector-api.ts";
import { comparedWith } from "../../src/controllers/preferencecanary/evidence/baseline.ts";
import {
  type Access,
  type Collected,
  type Cursors,
  NOTHING,
  type Pair,
  type Stream,
} from "../../src/controllers/preferencecanary/evidence/evidence.ts";

type Owned<Item> = Item & { readonly owner: string };

/** A collector in memory: what raters, checkers and users said, in order, by what it is about. */
export function createMemoryEvidence(now: () => Date) {
  const votes: Owned<Comparison>[] = [];
  const checks: Owned<CheckRecord>[] = [];
  const ratings: Owned<RatingRecord>[] = [];
  const readable: Access = { type: "Readable" };
  const access: Record<keyof Collected, Access> = { comparisons: readable, checks: readable, ratings: readable };
  let sequence = 0;
  let asked: string[] = [];
  let isHeard = true;

  function stream<Item extends { readonly sequence: number; readonly id: string }>(
    all: readonly Owned<Item>[],
    owners: readonly string[],
    from: Cursor | null | undefined,
    how: Access,
  ): Stream<Item> {
    if (from === undefined) return NOTHING;
    const newer = all.filter((item) => owners.includes(item.owner) && item.sequence > (from?.sequence ?? 0));
    return { from, records: how.type === "Readable" ? newer : [], access: how };
  }

  function firstOf({ candidate, firstServed = "1970-01-01T00:00:00Z" }: Pair): number {
    const index = ratings.findIndex(
      ({ owner, at }) => owner === candidate && Date.parse(at) >= Date.parse(firstServed),
    );
    return index < 0 ? ratings.length : index;
  }

  return {
    /** Of every stream, or of one. */
    setAccess(to: Access, ...names: readonly (keyof Collected)[]) {
      const all = ["comparisons", "checks", "ratings"] as const;
      for (const name of names.length > 0 ? names : all) access[name] = to;
    },
    /** By a process that has just begun, which then hears nothing of it before `hear`: a collector may be slow. */
    forget() {
      isHeard = false;
    },
    /** Whether that is something new. */
    hear(): boolean {
      const isNew = !isHeard;
      isHeard = true;
      return isNew;
    },
    /** The streams that were wanted last. */
    get asked() {
      return asked;
    },
    read: (pair: Pair, cursors: Cursors): Collected => {
      const { candidate, stable } = pair;
      asked = Object.keys(cursors);
      const compared = `${candidate}/${comparedWith(pair)}`;
      const rated = ratings.slice(firstOf(pair));
      const how = (name: keyof Collected): Access => (isHeard ? access[name] : { type: "Unread" });
      return {
        comparisons: stream<Comparison>(votes, [compared], cursors.comparisons, how("comparisons")),
        checks: stream<CheckRecord>(checks, [candidate], cursors.checks, how("checks")),
        ratings: stream<RatingRecord>(rated, [candidate, stable], cursors.ratings, how("ratings")),
      };
    },
    vote({ candidate, ...arms }: Pair, outcome: Comparison["outcome"], cohort: string | null = null) {
      sequence += 1;
      const unit = createHash("sha256").update(String(sequence)).digest("hex");
      const rest = { at: now().toISOString(), outcome, unit, vote: 1, raterVote: sequence, labeler: "ann", cohort };
      votes.push({ sequence, id: `vote-${sequence}`, ...rest, owner: `${candidate}/${comparedWith(arms)}` });
    },
    check(candidate: string, violation: boolean) {
      sequence += 1;
      const rest = { at: now().toISOString(), answer: `answer-${sequence}`, violation };
      checks.push({ sequence, id: `check-${sequence}`, ...rest, owner: candidate });
    },
    /** Of a rater who has not rated before. */
    rate(revision: string, outcome: number) {
      sequence += 1;
      const unit = createHash("sha256").update(String(sequence)).digest("hex");
      const rest = { at: now().toISOString(), revision, outcome, unit, vote: 1 };
      ratings.push({ sequence, id: `rating-${sequence}`, ...rest, owner: revision });
    },
  };
}
