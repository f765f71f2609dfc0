import { createHash } from "node:crypto";
import type { CheckRecord, Comparison } from "../../src/api/contracts/collector-api.ts";
import type { Access, Cursors, Evidence, Pair, Stream } from "../../src/controllers/preferencecanary/evidence.ts";

type Owned<Item> = Item & { readonly owner: string };

/** A collector in memory: what raters and checkers said, in order, by what it is about. */
export function createMemoryEvidence(now: () => Date) {
  const votes: Owned<Comparison>[] = [];
  const checks: Owned<CheckRecord>[] = [];
  let access: Access = { type: "Readable" };
  let sequence = 0;

  function stream<Item extends { readonly sequence: number; readonly id: string }>(
    all: readonly Owned<Item>[],
    owner: string,
    from: Cursors["checks"],
  ): Stream<Item> {
    const newer = all.filter((item) => item.owner === owner && item.sequence > (from?.sequence ?? 0));
    return { from, records: access.type === "Readable" ? newer : [], access };
  }

  return {
    setAccess(to: Access) {
      access = to;
    },
    read: ({ candidate, stable }: Pair, cursors: Cursors): Evidence => ({
      comparisons: stream<Comparison>(votes, `${candidate}/${stable}`, cursors.comparisons),
      checks: stream<CheckRecord>(checks, candidate, cursors.checks),
    }),
    vote({ candidate, stable }: Pair, outcome: Comparison["outcome"]) {
      sequence += 1;
      const unit = createHash("sha256").update(String(sequence)).digest("hex");
      const rest = { at: now().toISOString(), outcome, unit, vote: 1, labeler: "ann" };
      votes.push({ sequence, id: `vote-${sequence}`, ...rest, owner: `${candidate}/${stable}` });
    },
    check(candidate: string, violation: boolean) {
      sequence += 1;
      const rest = { at: now().toISOString(), answer: `answer-${sequence}`, violation };
      checks.push({ sequence, id: `check-${sequence}`, ...rest, owner: candidate });
    },
  };
}
