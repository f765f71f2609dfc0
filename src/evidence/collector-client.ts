import {
  type Choice,
  ComparisonPage,
  type Cursor,
  DatasetHead,
  EvidenceAnswer,
  type EvidenceRead,
  type LeaseRequest,
  LeaseResponse,
  News,
  type PostAskedRequest,
  PostAskedResponse,
  PostItemsResponse,
  type PostPairRequest,
  PostPairResponse,
  StoredPreference,
} from "../api/contracts/collector-api.ts";
import { ArchiveReply, type ArchiveRequest } from "../api/contracts/run-archive.ts";
import type { Clock } from "../runtime/clock.ts";
import { type CollectorAddress, createCollectorTransport } from "./collector-transport.ts";

/** Which records: what one run's candidate did against one stable, after the last record already folded. */
export interface PairQuery {
  namespace: string;
  canary: string;
  candidate: string;
  stable: string;
  /** Of ratings: without those from before. */
  since?: string;
  cursor: Cursor | null;
  limit: number;
  signal?: AbortSignal;
}

export interface RunToArchive {
  namespace: string;
  canary: string;
  request: ArchiveRequest;
  signal?: AbortSignal;
}

export interface AskedToPost extends PostAskedRequest {
  namespace: string;
  canary: string;
  signal?: AbortSignal;
}

export interface DatasetQuery {
  namespace: string;
  dataset: string;
  /** Only what has a higher sequence number than this. */
  after?: number;
  signal?: AbortSignal;
}

export interface PreferencesQuery extends DatasetQuery {
  /** The last sequence number wanted; what is committed when the stream starts, unless given. */
  until?: number;
}

export interface PairToPost {
  namespace: string;
  dataset: string;
  pair: PostPairRequest;
  signal?: AbortSignal;
}

export interface PairsToLease extends LeaseRequest {
  namespace: string;
  dataset: string;
  signal?: AbortSignal;
}

export interface ChoiceToPost {
  namespace: string;
  dataset: string;
  choice: Choice;
  signal?: AbortSignal;
}

/**
 * The collector as manager, sampler, judge and profile see it. Every call rejects with a CollectorError; comparisons
 * with CursorUnknown when the collector does not know the cursor, as after a restore from a backup.
 */
export interface CollectorClient {
  comparisons(query: PairQuery): Promise<ComparisonPage>;
  /** The answers to many reads as they come, in their order; what is wrong with one of them is its answer. */
  evidence(reads: readonly EvidenceRead[]): AsyncIterable<EvidenceAnswer>;
  /** Never ends but by an error, or by its signal. What was committed before the first line came can be read from then on. */
  news(signal?: AbortSignal): AsyncIterable<News>;
  /** Resolves when the file is durable; asked again it is the same file. CursorUnknown as above. */
  archive(run: RunToArchive): Promise<ArchiveReply>;
  /** What other systems answered, for the archive. */
  postAsked(post: AskedToPost): Promise<PostAskedResponse>;
  head(query: DatasetQuery): Promise<DatasetHead>;
  postPair(post: PairToPost): Promise<PostPairResponse>;
  leasePairs(lease: PairsToLease): Promise<LeaseResponse>;
  /** Rejects with the collector's reason when it is not taken. */
  postChoice(post: ChoiceToPost): Promise<PostItemsResponse>;
  /** In the order of their sequence numbers, never more than a few in memory. An incomplete stream throws. */
  streamPreferences(query: PreferencesQuery): AsyncIterable<StoredPreference>;
  close(): Promise<void>;
}

/** A run of millions of records is read and packed before there is an answer. */
const ARCHIVE_MS = 600_000;

export function createCollectorClient(address: CollectorAddress, clock: Clock): CollectorClient {
  const transport = createCollectorTransport(address, clock);

  return {
    comparisons({ candidate, stable, cursor, limit, signal, ...canary }) {
      const position = cursor === null ? {} : { after: cursor.sequence, afterId: cursor.id };
      return transport.receive(ComparisonPage, {
        method: "GET",
        path: `${canaryPath(canary)}/comparisons`,
        query: { candidate, stable, ...position, limit },
        signal,
      });
    },
    evidence: (reads) =>
      transport.stream(EvidenceAnswer, { method: "POST", path: "/v1/evidence", body: { reads }, signal: undefined }),
    news: (signal) => transport.stream(News, { method: "GET", path: "/v1/news", signal }),
    archive({ request, signal, ...canary }) {
      const path = `${canaryPath(canary)}/archives`;
      return transport.receive(ArchiveReply, {
        method: "POST",
        path,
        body: request,
        answerMs: ARCHIVE_MS,
        signal,
      });
    },
    postAsked({ namespace, canary, signal, ...body }) {
      const path = `${canaryPath({ namespace, canary })}/asked`;
      return transport.receive(PostAskedResponse, { method: "POST", path, body, signal });
    },
    head({ after, signal, ...dataset }) {
      return transport.receive(DatasetHead, {
        method: "GET",
        path: `${datasetPath(dataset)}/head`,
        query: { after },
        signal,
      });
    },
    postPair({ pair, signal, ...dataset }) {
      const path = `${datasetPath(dataset)}/pairs`;
      return transport.receive(PostPairResponse, { method: "POST", path, body: pair, signal });
    },
    leasePairs({ namespace, dataset, signal, ...body }) {
      const path = `${datasetPath({ namespace, dataset })}/pairs/lease`;
      return transport.receive(LeaseResponse, { method: "POST", path, body, signal });
    },
    postChoice({ choice, signal, ...dataset }) {
      const path = `${datasetPath(dataset)}/choices`;
      return transport.receive(PostItemsResponse, { method: "POST", path, body: { choices: [choice] }, signal });
    },
    streamPreferences({ after, until, signal, ...dataset }) {
      const path = `${datasetPath(dataset)}/preferences`;
      return transport.stream(StoredPreference, { method: "GET", path, query: { after, until }, signal });
    },
    close: transport.close,
  };
}

function datasetPath({ namespace, dataset }: { namespace: string; dataset: string }): string {
  return `/v1/namespaces/${encodeURIComponent(namespace)}/datasets/${encodeURIComponent(dataset)}`;
}

function canaryPath({ namespace, canary }: { namespace: string; canary: string }): string {
  return `/v1/namespaces/${encodeURIComponent(namespace)}/canaries/${encodeURIComponent(canary)}`;
}
