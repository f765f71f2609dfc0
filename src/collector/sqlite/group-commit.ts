import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "../store-error.ts";

/** Runs `work` in a transaction and resolves with what it returned once that is durable. */
export type Write = <Result>(work: () => Result) => Promise<Result>;

/** One write waiting for its commit. `attempt` gives what to call when the transaction is durable. */
interface Waiting {
  attempt(): () => void;
  fail(cause: unknown): void;
}

/**
 * One fsync for all the writes of a turn of the event loop. Each is a savepoint of its own, so one that throws takes
 * nothing else with it; `committed` is called, and the writers are answered, only after the commit they share.
 */
export function createGroupCommit(db: DatabaseSync, committed: () => void): Write {
  let waiting: Waiting[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    let answers: (() => void)[];
    try {
      db.exec("BEGIN IMMEDIATE");
      answers = group.map((write) => write.attempt());
      db.exec("COMMIT");
    } catch (cause) {
      if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
      for (const write of group) write.fail(cause);
      return;
    }
    committed();
    for (const answer of answers) answer();
  }

  return (work) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({
        attempt: () => attempt(db, work, resolve, reject),
        fail: (cause) => reject(unavailable(cause)),
      });
    });
}

function attempt<Result>(
  db: DatabaseSync,
  work: () => Result,
  resolve: (result: Result) => void,
  reject: (cause: unknown) => void,
): () => void {
  db.exec("SAVEPOINT one");
  try {
    const result = work();
    db.exec("RELEASE one");
    return () => resolve(result);
  } catch (cause) {
    // SQLite has rolled all back on its own, as it does without space: the whole group failed.
    if (!db.isTransaction) throw cause;
    db.exec("ROLLBACK TO one; RELEASE one");
    return () => reject(cause);
  }
}

function unavailable(cause: unknown): StoreError {
  const message = `the store cannot write: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new StoreError("StoreUnavailable", message, undefined, { cause });
}
