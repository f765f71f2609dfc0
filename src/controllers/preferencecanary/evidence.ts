import type { CheckRecord, Comparison, Cursor, RatingRecord } from "../../api/contracts/collector-api.ts";

/** Records of one stream of evidence, in the collector's order, as far as they are known at this look. */
export interface Stream<Evidence> {
  /** The record after which they begin; null: all from the first one, whatever was folded before. */
  readonly from: Cursor | null;
  readonly records: readonly Evidence[];
  /** Unread: nothing was heard since this process began to follow. Unreadable: the last attempt failed. */
  readonly access: Access;
}

export type Access =
  | { readonly type: "Readable" }
  | { readonly type: "Unread" }
  | { readonly type: "Unreadable"; readonly problem: string };

export interface Evidence {
  readonly comparisons: Stream<Comparison>;
  readonly checks: Stream<CheckRecord>;
  readonly ratings: Stream<RatingRecord>;
}

/** What evidence is about: comparisons of this candidate with this stable, checks of this candidate, ratings of both. */
export interface Pair {
  readonly candidate: string;
  readonly stable: string;
}

/** Where each stream was folded up to, null at its beginning. One that no gate reads is absent, and is not followed. */
export type Cursors = Readonly<Partial<Record<keyof Evidence, Cursor | null>>>;

/** Of a stream that nobody reads. */
export const NOTHING = { from: null, records: [], access: { type: "Unread" } } as const satisfies Stream<never>;

/** While there is no candidate, or nobody reads any more. */
export const NO_EVIDENCE: Evidence = { comparisons: NOTHING, checks: NOTHING, ratings: NOTHING };
