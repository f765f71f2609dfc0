import type { PostAskedRequest } from "../../../api/contracts/collector-api.ts";
import type { CollectorClient } from "../../../evidence/collector-client.ts";
import { untilTaken } from "../../../evidence/until-taken.ts";
import { keyString, type ObjectKey } from "../../../kube/object.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { Logger } from "../../../telemetry/logger.ts";

/**
 * Tells the collector what other systems have answered, so that the archive of a run has it. In the background, one after the other:
 * no gate waits for it, and what cannot be told in some minutes is missing in the archive, which replay notices.
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

/** That wait to be told, while the collector is away. */
const MOST = 1_000;

export function createAnswerTeller({ collector, clock, random, logger }: AnswerTellerOptions): AnswerTeller {
  const stopping = new AbortController();
  const { signal } = stopping;
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function post({ namespace = "", name }: ObjectKey, answered: PostAskedRequest): Promise<void> {
    const canary = keyString({ namespace, name });
    const onFailure = (error: unknown) => logger.debug({ err: error, canary }, "an answer cannot be archived yet");
    try {
      await untilTaken(() => collector.postAsked({ namespace, canary: name, ...answered, signal }), {
        ...{ clock, random, signal, onFailure },
      });
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error, canary, gate: answered.gate }, "an answer will not be archived");
    } finally {
      waiting -= 1;
    }
  }

  return {
    tell(canary, answered) {
      if (signal.aborted || answered.answers.length === 0) return;
      if (waiting >= MOST) {
        logger.warn(
          { canary: keyString(canary), gate: answered.gate },
          "an answer will not be archived: too many wait",
        );
        return;
      }
      waiting += 1;
      turn = turn.then(() => (signal.aborted ? undefined : post(canary, answered)));
    },
    stop: () => stopping.abort(),
  };
}
