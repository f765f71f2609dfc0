import type { Cursor } from "../../api/contracts/collector-api.ts";
import type { CollectorClient, PairQuery } from "../../evidence/collector-client.ts";
import { keyString, type ObjectKey } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { type Collected, type Cursors, NOTHING, NOTHING_COLLECTED, type Pair, type Stream } from "./evidence.ts";
import { createFollower, type Follower } from "./evidence-follower.ts";
import { type Connection, createNewsListener } from "./evidence-news.ts";

/**
 * The collector's evidence as it comes in. Reading never waits: streams are read ahead in the background, so that a
 * collector that is down or slow holds up no reconcile. The collector says of which canary there is something new, on one
 * connection for all of them. Nothing is lost with it or with this process: what status has not folded is asked for again.
 */
export interface EvidenceFeed {
  /** What is known after the cursors, of one canary's current pair. */
  read(canary: ObjectKey, pair: Pair, cursors: Cursors): Collected;
  forget(canary: ObjectKey): void;
  stop(): void;
}

export interface EvidenceFeedOptions {
  readonly collector: Pick<CollectorClient, keyof Collected | "news">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to read. */
  readonly wake: (canary: ObjectKey) => void;
}

/** A stream that is followed from when somebody first reads it, until nobody does. */
interface Followed<Item> {
  read(cursor: Cursor | null | undefined): Stream<Item>;
  apply(connection: Connection): void;
  stop(): void;
}

interface Run {
  readonly pair: Pair;
  readonly streams: { readonly [Name in keyof Collected]: Followed<Collected[Name]["records"][number]> };
}

const PAGE = 1000;

export function createEvidenceFeed(options: EvidenceFeedOptions): EvidenceFeed {
  const runs = new Map<string, Run>();
  let isStopped = false;

  const news = createNewsListener({
    ...options,
    connection: (now) => {
      for (const run of runs.values()) apply(run, now);
    },
    told: ({ canaries }) => {
      for (const { namespace, canary } of canaries) {
        const run = runs.get(keyString({ namespace, name: canary }));
        if (run !== undefined) apply(run, { type: "Open" });
      }
    },
  });

  function forget(canary: ObjectKey): void {
    const run = runs.get(keyString(canary));
    if (run !== undefined) end(run);
    runs.delete(keyString(canary));
  }

  return {
    read(canary, pair, cursors) {
      if (isStopped) return NOTHING_COLLECTED;
      news.start();
      const key = keyString(canary);
      const current = runs.get(key)?.pair;
      if (current?.candidate !== pair.candidate || current.stable !== pair.stable) forget(canary);
      const run = runs.get(key) ?? start(canary, pair, news.current, options);
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
      news.stop();
      for (const run of runs.values()) end(run);
      runs.clear();
    },
  };
}

function start(
  canary: ObjectKey,
  pair: Pair,
  connection: () => Connection,
  { collector, clock, logger, wake }: EvidenceFeedOptions,
): Run {
  const { namespace = "", name } = canary;
  const common = { clock, logger: logger.child({ canary: keyString(canary), ...pair }), changed: () => wake(canary) };
  function stream<Item extends Cursor>(ask: (query: PairQuery) => Promise<{ readonly records: readonly Item[] }>) {
    const follow = (from: Cursor | null) =>
      createFollower<Item>({
        ...common,
        pageSize: PAGE,
        cursor: from,
        fetch: (cursor, signal) => ask({ namespace, canary: name, ...pair, cursor, limit: PAGE, signal }),
      });
    return followed(follow, connection);
  }
  const streams = {
    comparisons: stream(collector.comparisons),
    checks: stream(collector.checks),
    ratings: stream(collector.ratings),
  };
  return { pair, streams };
}

function apply({ streams }: Run, connection: Connection): void {
  for (const stream of Object.values(streams)) stream.apply(connection);
}

function end({ streams }: Run): void {
  for (const stream of Object.values(streams)) stream.stop();
}

function followed<Item>(
  follow: (cursor: Cursor | null) => Follower<Item>,
  connection: () => Connection,
): Followed<Item> {
  let follower: Follower<Item> | undefined;

  function apply(now: Connection): void {
    if (now.type === "Open") follower?.refresh();
    if (now.type === "Lost") follower?.lose(now.problem);
  }

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
      if (follower === undefined) {
        follower = follow(cursor);
        apply(connection());
      }
      return follower.read(cursor);
    },
    apply,
    stop,
  };
}
