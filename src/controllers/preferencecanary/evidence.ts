import type { CheckRecord, Comparison, Cursor } from "../../api/contracts/collector-api.ts";

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
}

/** What evidence is about: comparisons of this candidate with this stable, checks of this candidate. */
export interface Pair {
  readonly candidate: string;
  readonly stable: string;
}

/** Where each stream was folded up to. */
export interface Cursors {
  readonly comparisons: Cursor | null;
  readonly checks: Cursor | null;
}

const NOTHING = { from: null, records: [], access: { type: "Unread" } } as const;

/** While there is no candidate, or nobody reads any more. */
export const NO_EVIDENCE: Evidence = { comparisons: NOTHING, checks: NOTHING };
