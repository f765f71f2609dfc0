import type { DatabaseSync } from "node:sqlite";
import type { AskedAnswer } from "../../api/contracts/collector-api.ts";
import type { AskedStream } from "../store.ts";
import { prepare } from "./database.ts";

/** What other systems answered the operator. */
export interface Asked {
  put(stream: AskedStream, answer: AskedAnswer): void;
  /** After the time `after`, at most `limit`, in their order. */
  page(stream: AskedStream, page: { readonly after: number; readonly limit: number }): AskedAnswer[];
}

export function createAsked(db: DatabaseSync): Asked {
  const put = prepare(
    db,
    `INSERT INTO asked (namespace, canary, candidate, since, gate, sequence, answer)
     VALUES (:namespace, :canary, :candidate, :since, :gate, :sequence, :answer)
     ON CONFLICT DO UPDATE SET answer = excluded.answer`,
  );
  const select = prepare<{ answer: string }>(
    db,
    `SELECT answer FROM asked
     WHERE namespace = :namespace AND canary = :canary AND candidate = :candidate AND since = :since AND gate = :gate
       AND sequence > :after ORDER BY sequence LIMIT :limit`,
  );
  return {
    put({ namespace, canary, candidate, since, gate }, answer) {
      const { sequence } = answer;
      put.run({ namespace, canary, candidate, since, gate, sequence, answer: JSON.stringify(answer) });
    },
    page: ({ namespace, canary, candidate, since, gate }, page) =>
      select.all({ namespace, canary, candidate, since, gate, ...page }).map(({ answer }) => JSON.parse(answer)),
  };
}
