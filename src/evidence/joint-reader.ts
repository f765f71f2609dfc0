import { type EvidenceAnswer, type EvidenceRead, type EvidenceStream, LIMITS } from "../api/contracts/collector-api.ts";
import type { CollectorClient, PairQuery } from "./collector-client.ts";
import { CollectorError, collectorError } from "./collector-error.ts";

/** As one line of the answer has them. */
type Pages = { readonly [Stream in EvidenceStream]: Extract<EvidenceAnswer, Record<Stream, unknown>>[Stream] };

/** Each call rejects with a CollectorError, CursorUnknown when the collector does not know the cursor, or the signal's reason. */
export type EvidenceReader = {
  readonly [Stream in EvidenceStream]: (query: PairQuery) => Promise<Pages[Stream]>;
};

interface Question {
  readonly read: EvidenceRead;
  readonly signal: AbortSignal | undefined;
  hear(answer: EvidenceAnswer): void;
  fail(error: unknown): void;
}

/**
 * Whoever asks while an answer is on its way is in the next request with everyone else who does. One request for each
 * new comparison of a thousand canaries would be more work for both sides than all that is made of them.
 */
export function createJointReader(collector: Pick<CollectorClient, "evidence">): EvidenceReader {
  let waiting: Question[] = [];
  let isAsking = false;

  function read<Stream extends EvidenceStream>(
    stream: Stream,
    { signal, ...query }: PairQuery,
  ): Promise<Pages[Stream]> {
    const { promise, resolve, reject } = Promise.withResolvers<Pages[Stream]>();
    waiting.push({
      read: { ...query, stream },
      signal,
      hear(answer) {
        const page = pageOf(stream, answer);
        if (page instanceof Error) reject(page);
        else resolve(page);
      },
      fail: reject,
    });
    // Not at once: news are of several streams.
    if (!isAsking) queueMicrotask(askAll);
    isAsking = true;
    return promise;
  }

  async function askAll(): Promise<void> {
    while (waiting.length > 0) {
      const next = waiting.slice(0, LIMITS.reads);
      waiting = waiting.slice(LIMITS.reads);
      await ask(collector, next);
    }
    isAsking = false;
  }

  return {
    comparisons: (query) => read("comparisons", query),
    checks: (query) => read("checks", query),
    ratings: (query) => read("ratings", query),
  };
}

async function ask(collector: Pick<CollectorClient, "evidence">, questions: readonly Question[]): Promise<void> {
  for (const { signal, fail } of questions) if (signal?.aborted) fail(signal.reason);
  const asked = questions.filter(({ signal }) => !signal?.aborted);
  if (asked.length === 0) return;
  let answered = 0;
  try {
    for await (const answer of collector.evidence(asked.map(({ read }) => read))) asked[answered++]?.hear(answer);
    if (answered < asked.length) {
      const message = `the collector answered ${answered} of ${asked.length} reads`;
      throw new CollectorError("AnswerNotUnderstood", 200, message);
    }
  } catch (error) {
    for (const { fail } of asked.slice(answered)) fail(error);
  }
}

function pageOf<Stream extends EvidenceStream>(stream: Stream, answer: EvidenceAnswer): Pages[Stream] | CollectorError {
  if ("error" in answer) return collectorError(answer.error, 200);
  const pages: Partial<Pages> = answer;
  return pages[stream] ?? new CollectorError("AnswerNotUnderstood", 200, `the collector's answer is not of ${stream}`);
}
