import type {
  AnswerList,
  AskedAnswer,
  BlindPair,
  Check,
  CheckPage,
  Choice,
  ComparisonPage,
  Cursor,
  DatasetHead,
  EvidenceStream,
  LeaseRequest,
  PostPairRequest,
  PostPairResponse,
  PreferenceRecord,
  Rating,
  RatingPage,
  StoredPreference,
} from "../api/contracts/collector-api.ts";

export interface DatasetKey {
  namespace: string;
  dataset: string;
}

export interface CanaryKey {
  namespace: string;
  canary: string;
}

/** What there is more evidence of. */
export interface NewsItem extends CanaryKey {
  stream: EvidenceStream;
}

/** Comparisons and ratings are read of both revisions, checks of the candidate's alone. */
export interface PairStream extends CanaryKey {
  candidate: string;
  stable: string;
}

/** `since`, RFC 3339: what was said of the candidate before is not in the stream. */
export interface RatingStream extends PairStream {
  since?: string | undefined;
}

export interface CheckStream extends CanaryKey {
  candidate: string;
}

/** Of one gate of one try of a candidate. */
export interface AskedStream extends CanaryKey {
  candidate: string;
  since: string;
  gate: string;
}

/** What became of one item: stored now, stored before under the same id, or refused at this field for this reason. */
export type ItemOutcome =
  | { result: "Accepted" | "Duplicate"; sequence: number; at: string }
  | { result: "Rejected"; reason: string; path: string; message: string };

export interface Page {
  cursor: Cursor | null;
  limit: number;
}

export interface QueueDepth extends DatasetKey {
  pairs: number;
}

/**
 * Where everything that the collector acknowledged lives. A write resolves when it is durable: what it answered is
 * there after a power failure. Writes are serial; each is whole or not there at all. Sequence numbers grow in the order
 * of commit. A store that cannot write rejects with StoreUnavailable.
 */
export interface CollectorStore {
  addPreferences(key: DatasetKey, records: readonly PreferenceRecord[]): Promise<ItemOutcome[]>;
  /** After `after` up to `until`, both sequence numbers; reads on only as fast as the caller does. */
  preferences(key: DatasetKey, range: { after: number; until: number }): AsyncIterable<StoredPreference>;
  head(key: DatasetKey, after: number): Promise<DatasetHead>;

  /** Rejects with IdMismatch when another pair has this id. */
  addPair(key: DatasetKey, pair: PostPairRequest): Promise<PostPairResponse>;
  leasePairs(key: DatasetKey, request: LeaseRequest): Promise<BlindPair[]>;
  addChoices(key: DatasetKey, choices: readonly Choice[]): Promise<ItemOutcome[]>;
  queueDepths(): Promise<QueueDepth[]>;

  /** These three reject with CursorUnknown when the stream has no such record. */
  comparisons(stream: PairStream, page: Page): Promise<ComparisonPage>;
  checks(stream: CheckStream, page: Page): Promise<CheckPage>;
  ratings(stream: RatingStream, page: Page): Promise<RatingPage>;
  answers(stream: CheckStream, filter: { unchecked: boolean; limit: number }): Promise<AnswerList>;
  addChecks(key: CanaryKey, checks: readonly Check[]): Promise<ItemOutcome[]>;
  addRatings(key: CanaryKey, ratings: readonly Rating[]): Promise<ItemOutcome[]>;

  /** What is known already under the same number is replaced. */
  putAsked(stream: AskedStream, answers: readonly AskedAnswer[]): Promise<void>;
  /** After the number `after`, at most `limit`, in their order. */
  asked(stream: AskedStream, page: { after: number; limit: number }): Promise<AskedAnswer[]>;

  /** Calls back after each commit with the streams that it added a comparison, check or rating to; returns what ends that. */
  subscribe(listener: (news: readonly NewsItem[]) => void): () => void;
  /** Resolves when a write has become durable just now. */
  probe(): Promise<void>;
  close(): void;
}
