import type { Cursor } from "../../api/contracts/collector-api.ts";
import type { CollectorClient } from "../../evidence/collector-client.ts";
import { keyString, type ObjectKey } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { type Cursors, type Evidence, NO_EVIDENCE, type Pair } from "./evidence.ts";
import { createFollower, type Follower } from "./evidence-follower.ts";

/**
 * Evidence as it comes in. Reading never waits: streams are followed in the background, so that a collector that is down
 * or slow holds up no reconcile. Nothing is lost with this process: what status has not folded is asked for again.
 */
export interface EvidenceFeed {
  /** What is known after the cursors, of one canary's current pair. */
  read(canary: ObjectKey, pair: Pair, cursors: Cursors): Evidence;
  forget(canary: ObjectKey): void;
  stop(): void;
}

export interface EvidenceFeedOptions {
  readonly collector: Pick<CollectorClient, "comparisons" | "checks">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to read. */
  readonly wake: (canary: ObjectKey) => void;
}

interface Followed {
  readonly pair: Pair;
  readonly comparisons: Follower<Evidence["comparisons"]["records"][number]>;
  readonly checks: Follower<Evidence["checks"]["records"][number]>;
}

const PAGE = 1000;
/** Seconds that the collector may keep a request until there is something new. */
const WAIT_SECONDS = 10;

export function createEvidenceFeed({ collector, clock, logger, wake }: EvidenceFeedOptions): EvidenceFeed {
  const followed = new Map<string, Followed>();
  let isStopped = false;

  function follow(canary: ObjectKey, pair: Pair, cursors: Cursors): Followed {
    const { namespace = "", name } = canary;
    const query = (cursor: Cursor | null, isFirst: boolean, signal: AbortSignal) => {
      return { namespace, canary: name, ...pair, cursor, limit: PAGE, wait: isFirst ? 0 : WAIT_SECONDS, signal };
    };
    const common = { clock, logger: logger.child({ canary: keyString(canary), ...pair }), changed: () => wake(canary) };
    return {
      pair,
      comparisons: createFollower({
        ...common,
        cursor: cursors.comparisons,
        fetch: (...asked) => collector.comparisons(query(...asked)),
      }),
      checks: createFollower({
        ...common,
        cursor: cursors.checks,
        fetch: (...asked) => collector.checks(query(...asked)),
      }),
    };
  }

  function forget(canary: ObjectKey): void {
    const { comparisons, checks } = followed.get(keyString(canary)) ?? {};
    comparisons?.stop();
    checks?.stop();
    followed.delete(keyString(canary));
  }

  return {
    read(canary, pair, cursors) {
      if (isStopped) return NO_EVIDENCE;
      const key = keyString(canary);
      const current = followed.get(key)?.pair;
      if (current?.candidate !== pair.candidate || current.stable !== pair.stable) forget(canary);
      const { comparisons, checks } = followed.get(key) ?? follow(canary, pair, cursors);
      followed.set(key, { pair, comparisons, checks });
      return { comparisons: comparisons.read(cursors.comparisons), checks: checks.read(cursors.checks) };
    },
    forget,
    stop() {
      isStopped = true;
      for (const { comparisons, checks } of followed.values()) {
        comparisons.stop();
        checks.stop();
      }
      followed.clear();
    },
  };
}
