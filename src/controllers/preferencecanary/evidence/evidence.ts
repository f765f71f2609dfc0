import type {
  AskedAnswer,
  Cursor,
  GatedCheck,
  GatedComparison,
  RatingRecord,
} from "../../../api/contracts/collector-api.ts";
import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";

/** Records of one stream of evidence, in the collector's order, as far as they are known at this look. */
export interface Stream<Evidence> {
  /** The record after which they begin; null: all from the first one, whatever was folded before. */
  readonly from: Cursor | null;
  readonly records: readonly Evidence[];
  /**
   * Unread: nothing was heard since this process began to follow. Unreadable: the last attempt failed. Empty: there is
   * nothing to read now, which is a problem once the candidate serves users.
   */
  readonly access: Access;
}

export type Access =
  | { readonly type: "Readable" }
  | { readonly type: "Unread" }
  | { readonly type: "Unreadable" | "Empty"; readonly problem: string };

/** What one record of each of the collector's streams is. */
export interface CollectedRecords {
  readonly comparisons: GatedComparison;
  readonly checks: GatedCheck;
  readonly ratings: RatingRecord;
}

export type StreamName = keyof CollectedRecords;

/** What the collector has. */
export type Collected = { readonly [Name in StreamName]: Stream<CollectedRecords[Name]> };

/** What another system said when the operator asked it. */
export type Answer = Readonly<AskedAnswer>;

/** By the name of the gate that asks. */
export type Answers = Readonly<Record<string, Stream<Answer>>>;

export interface Evidence extends Collected {
  readonly answers: Answers;
  /** The gates that it is to be folded onto; absent: as status remembers them. */
  readonly folded?: readonly NonNullable<PreferenceCanaryStatus["gates"]>[number][];
  /** By revision, of each contender while a selection has yet to choose the candidate. */
  readonly contended?: ReadonlyMap<string, Collected>;
}

/** What one record is of all that a gate can read. */
export interface EvidenceRecords extends CollectedRecords {
  readonly answers: Answer;
}

/** What evidence is about: comparisons of this candidate with this stable, checks of this candidate, ratings of both. */
export interface Pair {
  readonly candidate: string;
  readonly stable: string;
  /** Comparisons are with this baseline instead. */
  readonly against?: string;
  /** Ratings from before are not read. */
  readonly firstServed?: string;
}

/** Where each stream was folded up to, null at its beginning. One that no gate reads is absent, and is not followed. */
export type Cursors = Readonly<Partial<Record<StreamName, Cursor | null>>>;

/** What is asked for of one pair: what comes after what was folded. */
export type Wanted = readonly [Pair, Cursors];

/** Of a stream that nobody reads. */
export const NOTHING = { from: null, records: [], access: { type: "Unread" } } as const satisfies Stream<never>;

/** While there is no candidate, or nobody reads any more. */
export const NOTHING_COLLECTED: Collected = { comparisons: NOTHING, checks: NOTHING, ratings: NOTHING };
export const NO_EVIDENCE: Evidence = { ...NOTHING_COLLECTED, answers: {} };
