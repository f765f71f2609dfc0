import { LIMITS, type PostAskedRequest } from "../../../api/contracts/collector-api.ts";
import type { CollectorClient } from "../../../evidence/collector-client.ts";
import { untilTaken } from "../../../evidence/until-taken.ts";
import { keyString, type ObjectKey } from "../../../kube/object.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { Logger } from "../../../telemetry/logger.ts";

/**
 * Tells the collector what other systems have answered, so that the archive of a run has it. In the background, one gate's after the other's:
 * nothing waits for it, and what cannot be told in some minutes is missing in the archive, which replay notices.
 */
export interface AnswerTeller {
  tell(canary: ObjectKey, answered: PostAskedRequest): void;
  stop(): void;
}

export interface AnswerTellerOptions {
  readonly collector: Pick<CollectorClient, "postAsked">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** Answers that wait to be told, while the collector is away. */
const MOST = 10_000;

export function createAnswerTeller({ collector, clock, random, logger }: AnswerTellerOptions): AnswerTeller {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** What waits of one gate is told at once. */
  const waiting = new Map<string, Told>();
  let count = 0;
  let isTelling = false;

  async function tellAll(): Promise<void> {
    isTelling = true;
    for (let [next] = waiting; next !== undefined && !signal.aborted; [next] = waiting) {
      const [key, told] = next;
      waiting.delete(key);
      count -= told.answers.length;
      await post(told);
    }
    isTelling = false;
  }

  async function post({ key: { namespace = "", name }, ...answered }: Told): Promise<void> {
    const canary = keyString({ namespace, name });
    const onFailure = (error: unknown) => logger.debug({ err: error, canary }, "answers cannot be archived yet");
    try {
      await untilTaken(() => collector.postAsked({ namespace, canary: name, ...answered, signal }), {
        ...{ clock, random, signal, onFailure },
      });
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error, canary, gate: answered.gate }, "answers will not be archived");
    }
  }

  return {
    tell(canary, answered) {
      if (signal.aborted || answered.answers.length === 0) return;
      const { candidate, since, gate } = answered;
      const key = JSON.stringify([keyString(canary), candidate, since, gate]);
      const told: Told = waiting.get(key) ?? { ...answered, key: canary, answers: [] };
      if (count >= MOST || told.answers.length + answered.answers.length > LIMITS.items) {
        logger.warn({ canary: keyString(canary), gate }, "answers will not be archived: too many wait");
        return;
      }
      told.answers.push(...answered.answers);
      count += answered.answers.length;
      waiting.set(key, told);
      if (!isTelling) void tellAll();
    },
    stop: () => stopping.abort(),
  };
}

interface Told extends PostAskedRequest {
  readonly key: ObjectKey;
}
