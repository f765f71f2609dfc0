import type { Cursor } from "../../api/contracts/collector-api.ts";
import type { CollectorClient, PairQuery } from "../../evidence/collector-client.ts";
import { keyString, type ObjectKey } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { type Cursors, type Evidence, NO_EVIDENCE, NOTHING, type Pair, type Stream } from "./evidence.ts";
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
  readonly collector: Pick<CollectorClient, keyof Evidence>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to read. */
  readonly wake: (canary: ObjectKey) => void;
}

/** A stream that is followed from when somebody first reads it, until nobody does. */
interface Followed<Item> {
  read(cursor: Cursor | null | undefined): Stream<Item>;
  stop(): void;
}

interface Run {
  readonly pair: Pair;
  readonly streams: { readonly [Name in keyof Evidence]: Followed<Evidence[Name]["records"][number]> };
}

const PAGE = 1000;
/** Seconds that the collector may keep a request until there is something new. */
const WAIT_SECONDS = 10;

export function createEvidenceFeed(options: EvidenceFeedOptions): EvidenceFeed {
  const runs = new Map<string, Run>();
  let isStopped = false;

  function forget(canary: ObjectKey): void {
    const run = runs.get(keyString(canary));
    if (run !== undefined) end(run);
    runs.delete(keyString(canary));
  }

  return {
    read(canary, pair, cursors) {
      if (isStopped) return NO_EVIDENCE;
      const key = keyString(canary);
      const current = runs.get(key)?.pair;
      if (current?.candidate !== pair.candidate || current.stable !== pair.stable) forget(canary);
      const run = runs.get(key) ?? start(canary, pair, options);
      runs.set(key, run);
      const { comparisons, checks, ratings } = run.streams;
      return {
        comparisons: comparisons.read(cursors.comparisons),
        checks: checks.read(cursors.checks),
        ratings: ratings.read(cursors.ratings),
      };
    },
    forget,
    stop() {
      isStopped = true;
      for (const run of runs.values()) end(run);
      runs.clear();
    },
  };
}

function start(canary: ObjectKey, pair: Pair, { collector, clock, logger, wake }: EvidenceFeedOptions): Run {
  const { namespace = "", name } = canary;
  const common = { clock, logger: logger.child({ canary: keyString(canary), ...pair }), changed: () => wake(canary) };
  function stream<Item extends Cursor>(ask: (query: PairQuery) => Promise<{ readonly records: readonly Item[] }>) {
    return followed<Item>((from) =>
      createFollower({
        ...common,
        pageSize: PAGE,
        cursor: from,
        fetch: (cursor, isFirst, signal) => {
          const wait = isFirst ? 0 : WAIT_SECONDS;
          return ask({ namespace, canary: name, ...pair, cursor, limit: PAGE, wait, signal });
        },
      }),
    );
  }
  const streams = {
    comparisons: stream(collector.comparisons),
    checks: stream(collector.checks),
    ratings: stream(collector.ratings),
  };
  return { pair, streams };
}

function end({ streams }: Run): void {
  for (const { stop } of Object.values(streams)) stop();
}

function followed<Item>(follow: (cursor: Cursor | null) => Follower<Item>): Followed<Item> {
  let follower: Follower<Item> | undefined;
  function stop(): void {
    follower?.stop();
    follower = undefined;
  }
  return {
    read(cursor) {
      if (cursor === undefined) {
        stop();
        return NOTHING;
      }
      follower ??= follow(cursor);
      return follower.read(cursor);
    },
    stop,
  };
}
