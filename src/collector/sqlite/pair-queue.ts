import type { DatabaseSync } from "node:sqlite";
import type { BlindPair, LeaseRequest, PostPairRequest } from "../../api/contracts/collector-api.ts";
import type { Clock } from "../../runtime/clock.ts";
import { blind, mintId } from "../blind.ts";
import type { DatasetKey, QueueDepth } from "../store.ts";
import { prepare } from "./database.ts";

export interface StoredPair {
  number: number;
  canary: string;
  prompt: string;
  cohort: string | null;
  margin: number | null;
  training: 0 | 1;
  stable: string;
  candidate: string | null;
  stableText: string;
  otherText: string;
  state: "Open" | "Judged" | "Decided";
  /** The newest lease; an older one is lost. */
  lease: string | null;
}

export interface NewPair {
  pair: PostPairRequest;
  content: string;
  state: "Open" | "Decided";
  stableText: string | null;
  otherText: string | null;
}

export interface PairQueue {
  /** What was said under this id before. */
  known(namespace: string, id: string): { content: string; state: StoredPair["state"] } | undefined;
  /** False when the queue is full of pairs that go before this one. */
  insert(key: DatasetKey, pair: NewPair): boolean;
  lease(key: DatasetKey, request: LeaseRequest): BlindPair[];
  find(key: DatasetKey, id: string): StoredPair | undefined;
  findLease(number: number, lease: string): { labeler: string; stableIsA: number } | undefined;
  judged(number: number): void;
  depths(): QueueDepth[];
}

/** Pairs that anybody may have now, with whether they are of a canary's newest revisions, which are several in a selection. */
const FREE = `
  FROM pairs LEFT JOIN live ON live.namespace = pairs.namespace AND live.dataset = pairs.dataset
    AND live.canary = pairs.canary AND live.stable = pairs.stable AND live.candidate = ifnull(pairs.candidate, '')
  WHERE pairs.namespace = :namespace AND pairs.dataset = :dataset AND state = 'Open'
    AND (leased_until IS NULL OR leased_until <= :now)`;

/**
 * A run waits for its comparisons. What is asked of stable alone, by chance or to learn from, comes behind them in the order
 * in which it was asked, so that each gets its share of the raters; what is of former revisions comes last.
 */
const RANK = `CASE WHEN live.candidate <> '' THEN 0 WHEN live.canary IS NOT NULL OR training = 1 THEN 1 ELSE 2 END`;

function prepareLeases(db: DatabaseSync) {
  return {
    next: prepare<{ number: number; id: string; prompt: string; stableText: string; otherText: string }>(
      db,
      `SELECT number, id, prompt, stable_text AS stableText, other_text AS otherText ${FREE}
         AND (:canary IS NULL OR pairs.canary = :canary)
         AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.pair = number AND labeler = :labeler)
       ORDER BY ${RANK}, number LIMIT :count`,
    ),
    insert: prepare(
      db,
      `INSERT INTO leases (lease, pair, labeler, stable_is_a) VALUES (:lease, :number, :labeler, :stableIsA)`,
    ),
    hold: prepare(db, `UPDATE pairs SET lease = :lease, leased_until = :until WHERE number = :number`),
    find: prepare<{ labeler: string; stableIsA: number }>(
      db,
      `SELECT labeler, stable_is_a AS stableIsA FROM leases WHERE pair = :number AND lease = :lease`,
    ),
  };
}

function preparePairs(db: DatabaseSync) {
  return {
    known: prepare<{ content: string; state: StoredPair["state"] }>(
      db,
      `SELECT content, state FROM pairs WHERE namespace = :namespace AND id = :id`,
    ),
    insert: prepare(
      db,
      `INSERT INTO pairs (namespace, id, dataset, canary, prompt, cohort, margin, training, stable, candidate, stable_text, other_text, content, state)
       VALUES (:namespace, :id, :dataset, :canary, :prompt, :cohort, :margin, :training, :stable, :candidate, :stableText, :otherText, :content, :state)`,
    ),
    live: prepare(
      db,
      `INSERT INTO live (namespace, dataset, canary, stable, candidate)
       VALUES (:namespace, :dataset, :canary, :stable, ifnull(:candidate, ''))
       ON CONFLICT DO UPDATE SET stable = excluded.stable`,
    ),
    outdate: prepare(
      db,
      `DELETE FROM live WHERE namespace = :namespace AND dataset = :dataset AND canary = :canary
         AND NOT (stable = :stable AND candidate IN (SELECT value FROM json_each(:current)))`,
    ),
    evict: prepare<{ number: number }>(
      db,
      `DELETE FROM pairs WHERE number IN (SELECT number ${FREE} ORDER BY ${RANK} DESC, number LIMIT :excess)
       RETURNING number`,
    ),
    depth: prepare<{ open: number }>(
      db,
      `SELECT count(*) AS open FROM pairs WHERE namespace = :namespace AND dataset = :dataset AND state = 'Open'`,
    ),
    find: prepare<StoredPair>(
      db,
      `SELECT number, canary, prompt, cohort, margin, training, stable, candidate, stable_text AS stableText, other_text AS otherText, state, lease
       FROM pairs WHERE namespace = :namespace AND dataset = :dataset AND id = :id`,
    ),
    judged: prepare(db, `UPDATE pairs SET state = 'Judged' WHERE number = :number`),
    depths: prepare<QueueDepth>(
      db,
      `SELECT namespace, dataset, count(*) AS pairs FROM pairs WHERE state = 'Open' GROUP BY namespace, dataset`,
    ),
  };
}

export function createPairQueue(db: DatabaseSync, clock: Clock, random: () => number, limit: number): PairQueue {
  const pairs = preparePairs(db);
  const leases = prepareLeases(db);

  return {
    known: (namespace, id) => pairs.known.get({ namespace, id }),
    insert({ namespace, dataset }, { pair, content, state, stableText, otherText }) {
      const revisions = { stable: pair.stable.revision, candidate: pair.candidate?.revision ?? null };
      const row = { namespace, dataset, canary: pair.canary, ...revisions };
      const { id, prompt, cohort = null, margin = null } = pair;
      const asked = { id, prompt, cohort, margin, training: pair.training ? 1 : 0 };
      const number = pairs.insert.insert({ ...row, ...asked, stableText, otherText, content, state });
      if (!pair.training) {
        pairs.live.run(row);
        const { candidate, ...others } = row;
        pairs.outdate.run({ ...others, current: JSON.stringify([candidate ?? "", ...(pair.beside ?? [])]) });
      }
      const excess = (pairs.depth.get({ namespace, dataset })?.open ?? 0) - limit;
      if (excess <= 0) return true;
      const evicted = pairs.evict.all({ namespace, dataset, excess, now: clock.now().getTime() });
      return !evicted.some((victim) => victim.number === number);
    },
    lease({ namespace, dataset }, { labeler, canary = null, count, seconds }) {
      const now = clock.now().getTime();
      const until = now + seconds * 1_000;
      const free = leases.next.all({ namespace, dataset, now, labeler, canary, count });
      return free.map(({ number, ...texts }) => {
        const stableIsA = random() < 0.5;
        const lease = mintId(random);
        leases.insert.run({ lease, number, labeler, stableIsA: stableIsA ? 1 : 0 });
        leases.hold.run({ lease, until, number });
        return blind({ ...texts, lease, stableIsA, expiresAt: new Date(until) });
      });
    },
    find: ({ namespace, dataset }, id) => pairs.find.get({ namespace, dataset, id }),
    findLease: (number, lease) => leases.find.get({ number, lease }),
    judged: (number) => pairs.judged.run({ number }),
    depths: () => pairs.depths.all({}),
  };
}
