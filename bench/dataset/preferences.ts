import { readFileSync } from "node:fs";
import type { StoredPreference } from "../../src/api/contracts/collector-api.ts";
import { parseColumns } from "../../src/dataset/import/columns.ts";
import { importPairs } from "../../src/dataset/import/import-pairs.ts";
import { seededRandom } from "../../src/dataset/seeded-random.ts";

const at = "2026-03-01T12:00:00.000Z";
const words = "the a model answer question please thank you here is how to why because never always tea bread".split(
  " ",
);

/** 600 bytes of text a pair on average, three pairs a prompt, three labelers a pair, one record in 200 invalid. */
export function* syntheticPreferences(count: number): Generator<StoredPreference> {
  const random = seededRandom(5);
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const pair = Math.floor(sequence / 3);
    const texts = { chosen: answer(pair * 2), rejected: answer(pair * 2 + 1) };
    const swapped = random() < 0.2 ? { chosen: texts.rejected, rejected: texts.chosen } : texts;
    const labeler = `labeler-${Math.floor(random() * 60)}`;
    const isInvalid = random() < 0.005;
    yield {
      sequence,
      id: `p-${sequence}`,
      at,
      prompt: `Question ${Math.floor(pair / 3)}: ${answer(pair)}`,
      ...swapped,
      ...(isInvalid ? { chosen: "" } : {}),
      labeler,
      labeledAt: at,
      cohort: null,
    };
  }
}

function answer(seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: 35 }, () => words[Math.floor(random() * words.length)]).join(" ");
}

/** A file's pairs, as the collector would have stored them. */
export function* filePreferences(file: string, columns: string | undefined): Generator<StoredPreference> {
  const { records, bad } = importPairs(readFileSync(file), columns === undefined ? {} : parseColumns(columns));
  for (const { line, reason, message } of bad) console.error(`line ${line}: ${reason}: ${message}`);
  for (const [index, { record }] of records.entries()) {
    const { labeler = null, labeledAt = null, cohort = null, ...texts } = record;
    yield { sequence: index + 1, at, labeler, labeledAt, cohort, ...texts };
  }
}
