import type { Cursor, EvidenceStream } from "../../../api/contracts/collector-api.ts";
import type { CollectorClient, PairQuery } from "../../../evidence/collector-client.ts";
import type { EvidenceReader } from "../../../evidence/joint-reader.ts";
import { keyString, type ObjectKey } from "../../../kube/object.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { Logger } from "../../../telemetry/logger.ts";
import { comparedWith } from "./baseline.ts";
import {
  type Collected,
  type Cursors,
  NOTHING,
  NOTHING_COLLECTED,
  type Pair,
  type Stream,
  type Wanted,
} from "./evidence.ts";
import { createFollower, type Follower } from "./evidence-follower.ts";
import { type Connection, createNewsListener } from "./evidence-news.ts";

/**
 * The collector's evidence as it comes in. Reading never waits: streams are read ahead in the background, so that a
 * collector that is down or slow holds up no reconcile. The collector says of which stream there is something new, on one
 * connection for all of them. Nothing is lost with it or with this process: what status has not folded is asked for again.
 */
export interface EvidenceFeed {
  /** What is known after the cursors, of one canary's current pair. */
  read(canary: ObjectKey, pair: Pair, cursors: Cursors): Collected;
  /** Likewise of all the pairs that a canary has now, in their order. */
  readEach(canary: ObjectKey, wanted: readonly Wanted[]): readonly Collected[];
  forget(canary: ObjectKey): void;
  stop(): void;
}

export interface EvidenceFeedOptions {
  readonly collector: EvidenceReader & Pick<CollectorClient, "news">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to read. */
  readonly wake: (canary: ObjectKey) => void;
}

/** A stream that is followed from when somebody first reads it, until nobody does. */
interface Followed<Item> {
  /** `since`: what it begins with; another one is another stream. */
  read(cursor: Cursor | null | undefined, since?: string): Stream<Item>;
  apply(connection: Connection): void;
  stop(): void;
}

interface Run {
  readonly pair: Pair;
  readonly streams: { readonly [Name in keyof Collected]: Followed<Collected[Name]["records"][number]> };
}

const PAGE = 1000;

export function createEvidenceFeed(options: EvidenceFeedOptions): EvidenceFeed {
  const runs = new Map<string, readonly Run[]>();
  let isStopped = false;

  const news = createNewsListener({
    ...options,
    connection: (now) => {
      for (const run of [...runs.values()].flat()) apply(run, now);
    },
    told: ({ canaries }) => {
      for (const { namespace, canary, stream } of canaries) {
        for (const run of runs.get(keyString({ namespace, name: canary })) ?? []) refresh(run, stream);
      }
    },
  });

  function forget(canary: ObjectKey): void {
    for (const run of runs.get(keyString(canary)) ?? []) end(run);
    runs.delete(keyString(canary));
  }

  function readEach(canary: ObjectKey, wanted: readonly Wanted[]): readonly Collected[] {
    if (isStopped) return wanted.map(() => NOTHING_COLLECTED);
    news.start();
    const known = runs.get(keyString(canary)) ?? [];
    const current = wanted.map(([pair, cursors]) => {
      const run = known.find((each) => isOf(each, pair)) ?? start(canary, pair, news.current, options);
      return { run, cursors, ratedSince: pair.firstServed };
    });
    for (const run of known) if (!current.some((each) => each.run === run)) end(run);
    runs.set(
      keyString(canary),
      current.map(({ run }) => run),
    );
    return current.map(({ run, cursors, ratedSince }) => ({
      comparisons: run.streams.comparisons.read(cursors.comparisons),
      checks: run.streams.checks.read(cursors.checks),
      ratings: run.streams.ratings.read(cursors.ratings, ratedSince),
    }));
  }

  return {
    read(canary, pair, cursors) {
      const [collected = NOTHING_COLLECTED] = readEach(canary, [[pair, cursors]]);
      return collected;
    },
    readEach,
    forget,
    stop() {
      isStopped = true;
      news.stop();
      for (const run of [...runs.values()].flat()) end(run);
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
  const { candidate, stable } = pair;
  const common = {
    clock,
    changed: () => wake(canary),
    // No logger of its own: one for each canary would be a kilobyte for each.
    failed: (error: unknown) =>
      logger.warn({ canary: keyString(canary), ...pair, err: error }, "evidence cannot be read"),
  };
  function stream<Item extends Cursor>(ask: (query: PairQuery) => Promise<{ readonly records: readonly Item[] }>) {
    const follow = (from: Cursor | null, since: string | undefined) =>
      createFollower<Item>({
        ...common,
        pageSize: PAGE,
        cursor: from,
        fetch: (cursor, signal) =>
          ask({ namespace, canary: name, candidate, stable, ...(since && { since }), cursor, limit: PAGE, signal }),
      });
    return followed(follow, connection);
  }
  const streams = {
    comparisons: stream((query) => collector.comparisons({ ...query, stable: comparedWith(pair) })),
    checks: stream(collector.checks),
    ratings: stream(collector.ratings),
  };
  return { pair, streams };
}

/** When the candidate first served is of its ratings alone. */
function isOf({ pair }: Run, { candidate, stable, against }: Pair): boolean {
  return pair.candidate === candidate && pair.stable === stable && pair.against === against;
}

function apply({ streams }: Run, connection: Connection): void {
  for (const stream of Object.values(streams)) stream.apply(connection);
}

/** `stream`: the one that has something new; any of them may where none is named. */
function refresh({ streams }: Run, stream: EvidenceStream | undefined): void {
  for (const each of stream === undefined ? Object.values(streams) : [streams[stream]]) each.apply({ type: "Open" });
}

function end({ streams }: Run): void {
  for (const stream of Object.values(streams)) stream.stop();
}

function followed<Item>(
  follow: (cursor: Cursor | null, since: string | undefined) => Follower<Item>,
  connection: () => Connection,
): Followed<Item> {
  let follower: Follower<Item> | undefined;
  let begin: string | undefined;

  function apply(now: Connection): void {
    if (now.type === "Open") follower?.refresh();
    if (now.type === "Lost") follower?.lose(now.problem);
  }

  function stop(): void {
    follower?.stop();
    follower = undefined;
  }

  return {
    read(cursor, since) {
      if (cursor === undefined || since !== begin) stop();
      begin = since;
      if (cursor === undefined) return NOTHING;
      if (follower === undefined) {
        follower = follow(cursor, since);
        apply(connection());
      }
      return follower.read(cursor);
    },
    apply,
    stop,
  };
}
