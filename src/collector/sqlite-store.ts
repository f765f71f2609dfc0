import type { Clock } from "../runtime/clock.ts";
import { createAnswers } from "./sqlite/answers.ts";
import { createAsked } from "./sqlite/asked.ts";
import { addChoice, createChoices } from "./sqlite/choices.ts";
import { createComparisons } from "./sqlite/comparisons.ts";
import { openDatabase, prepare } from "./sqlite/database.ts";
import { createGroupCommit } from "./sqlite/group-commit.ts";
import { createPairQueue } from "./sqlite/pair-queue.ts";
import { addPair } from "./sqlite/pairs.ts";
import { createPreferences } from "./sqlite/preferences.ts";
import { createRatings } from "./sqlite/ratings.ts";
import { createRecordLog } from "./sqlite/record-log.ts";
import type { CollectorStore } from "./store.ts";
import { createWakeups } from "./wakeups.ts";

export interface SqliteStoreOptions {
  dataDir: string;
  queueLimit: number;
  clock: Clock;
  /** Numbers in [0, 1): the order of answers, ids and leases. */
  random: () => number;
}

/** The store in one SQLite file, written by this process alone. */
export function openSqliteStore({ dataDir, queueLimit, clock, random }: SqliteStoreOptions): CollectorStore {
  const db = openDatabase(dataDir);
  const wakeups = createWakeups();
  const log = createRecordLog(db, clock, random);
  const preferences = createPreferences(db, log);
  const comparisons = createComparisons(db, wakeups.touch);
  const versions = createChoices(db);
  const answers = createAnswers(db, { log, limit: queueLimit, touch: wakeups.touch });
  const ratings = createRatings(db, log, wakeups.touch);
  const asked = createAsked(db);
  const queue = createPairQueue(db, clock, random, queueLimit);
  const probe = prepare(db, `UPDATE probe SET writes = writes + 1`);
  const write = createGroupCommit(db, wakeups.committed);

  return {
    addPreferences: (key, records) => write(() => records.map((record) => preferences.add(key, record))),
    preferences: (key, range) => preferences.stream(key, range),
    head: async (key, after) => preferences.head(key, after),

    addPair: (key, pair) => write(() => addPair({ log, queue, answers, comparisons }, key, pair)),
    leasePairs: (key, request) => write(() => queue.lease(key, request)),
    addChoices: (key, choices) =>
      write(() => choices.map((choice) => addChoice({ log, queue, versions, preferences, comparisons }, key, choice))),
    queueDepths: async () => queue.depths(),

    comparisons: async (stream, page) => comparisons.page(stream, page),
    checks: async (stream, page) => answers.checks(stream, page),
    ratings: async (stream, page) => ratings.page(stream, page),
    answers: async (stream, filter) => answers.list(stream, filter),
    addChecks: (key, checks) => write(() => checks.map((check) => answers.addCheck(key, check))),
    addRatings: (key, items) => write(() => items.map((rating) => ratings.add(key, rating))),

    putAsked: (stream, items) =>
      write(() => {
        for (const answer of items) asked.put(stream, answer);
      }),
    asked: async (stream, page) => asked.page(stream, page),

    subscribe: wakeups.subscribe,
    probe: () => write(() => probe.run({})),
    close: () => db.close(),
  };
}
