import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../runtime/clock.ts";
import { mintId } from "../blind.ts";
import type { ItemOutcome } from "../store.ts";
import { prepare } from "./database.ts";

/** Under which id a sender may say one thing once. */
export interface RecordKey {
  namespace: string;
  /** `preferences/<dataset>`, `choices/<dataset>`, `pairs/<dataset>`, `checks/<canary>`, `ratings/<canary>` */
  scope: string;
  key: string;
}

export interface Acknowledgement {
  sequence: number;
  at: string;
}

/** The one log that gives sequence numbers and knows which ids were used for what. */
export interface RecordLog {
  /** undefined: this id is new. Otherwise a duplicate of the same content, or IdMismatch. */
  seen(key: RecordKey, content: string): ItemOutcome | undefined;
  append(key: RecordKey, content: string): Acknowledgement;
}

export function createRecordLog(db: DatabaseSync, clock: Clock, random: () => number): RecordLog {
  const find = prepare<{ sequence: number; content: string; at: string }>(
    db,
    `SELECT sequence, content, at FROM records WHERE namespace = :namespace AND scope = :scope AND key = :key`,
  );
  const insert = prepare(
    db,
    `INSERT INTO records (id, namespace, scope, key, content, at) VALUES (:id, :namespace, :scope, :key, :content, :at)`,
  );

  return {
    seen(key, content) {
      const record = find.get({ ...key });
      if (record === undefined) return undefined;
      if (record.content === content) return { result: "Duplicate", sequence: record.sequence, at: record.at };
      const message = `"${key.key}" was used before with other content (sequence ${record.sequence}): use a new id`;
      return { result: "Rejected", reason: "IdMismatch", path: "id", message };
    },
    append(key, content) {
      const at = clock.now().toISOString();
      return { sequence: insert.insert({ ...key, id: mintId(random), content, at }), at };
    },
  };
}

/** What has to be the same for two records of one id to be the same record. */
export function contentOf(fields: readonly (string | number | boolean | null)[]): string {
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}
