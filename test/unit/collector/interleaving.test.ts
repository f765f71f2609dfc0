import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../../src/collector/sqlite-store.ts";
import type { CollectorStore, ItemOutcome } from "../../../src/collector/store.ts";
import { systemClock } from "../../../src/runtime/clock.ts";

const DATASET = { namespace: "team", dataset: "support" };
const STABLE = "stable";
const CANDIDATES = ["one", "two"] as const;

/** Ids and contents from small sets, so that duplicates and mismatches are common. */
const preferences = fc.record({
  kind: fc.constant("preferences" as const),
  records: fc.array(fc.tuple(fc.nat(9), fc.nat(2)), { minLength: 1, maxLength: 4 }),
});
const failure = fc.record({
  kind: fc.constant("failure" as const),
  id: fc.nat(19),
  prompt: fc.nat(2),
  candidate: fc.constantFrom(...CANDIDATES),
});
const judgement = fc.record({
  kind: fc.constant("judgement" as const),
  prompt: fc.nat(2),
  candidate: fc.constantFrom(...CANDIDATES),
  choices: fc.array(fc.constantFrom("A" as const, "B" as const, "Tie" as const), { minLength: 1, maxLength: 3 }),
});
const step = fc.oneof(preferences, failure, judgement);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Steps of one list run at the same time; the store is opened anew between lists. */
const history = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 });

interface Acknowledged {
  key: string;
  sequence: number;
  fresh: boolean;
}

let unique = 0;

async function run(store: CollectorStore, step: Step): Promise<Acknowledged[]> {
  if (step.kind === "preferences") {
    const records = step.records.map(([id, text]) => ({ id: `${id}`, prompt: "p", chosen: `${text}`, rejected: "r" }));
    const outcomes = await store.addPreferences(DATASET, records);
    return outcomes.flatMap((outcome, index) => acknowledged(`preference ${records[index]?.id}`, outcome));
  }
  const prompt = `prompt ${step.prompt}`;
  if (step.kind === "failure") {
    const pair = { id: `failure ${step.id}`, canary: "c", prompt, stable: { revision: STABLE, text: "fine" } };
    const candidate = { revision: step.candidate, error: "HTTP 500" };
    try {
      const { sequence } = await store.addPair(DATASET, { ...pair, candidate });
      return sequence === undefined ? [] : [{ key: pair.id, sequence, fresh: false }];
    } catch (error) {
      expect(error).toMatchObject({ reason: "IdMismatch" });
      return [];
    }
  }
  unique += 1;
  const id = `judged ${unique}`;
  const stable = { revision: STABLE, text: "old" };
  await store.addPair(DATASET, {
    id,
    canary: "c",
    prompt,
    stable,
    candidate: { revision: step.candidate, text: "new" },
  });
  const held = await store.leasePairs(DATASET, { labeler: id, count: 1, seconds: 60 });
  const choices = held.flatMap(({ id: pair, lease }) =>
    step.choices.map((choice, version) => ({ id: `${id} ${version}`, pair, lease, labeler: id, choice })),
  );
  const outcomes = await store.addChoices(DATASET, choices);
  return outcomes.flatMap((outcome, index) => acknowledged(`${choices[index]?.id}`, outcome));
}

function acknowledged(key: string, outcome: ItemOutcome): Acknowledged[] {
  if (outcome.result === "Rejected") return [];
  return [{ key, sequence: outcome.sequence, fresh: outcome.result === "Accepted" }];
}

async function check(store: CollectorStore, acknowledgements: readonly Acknowledged[]): Promise<void> {
  const sequenceOf = new Map<string, number>();
  for (const { key, sequence } of acknowledgements) {
    expect(sequenceOf.get(key) ?? sequence, `${key} has one number for ever`).toBe(sequence);
    sequenceOf.set(key, sequence);
  }
  expect(new Set(sequenceOf.values()).size, "no number is given twice").toBe(sequenceOf.size);

  const streamed: number[] = [];
  for await (const { sequence } of store.preferences(DATASET, { after: 0, until: Number.MAX_SAFE_INTEGER })) {
    streamed.push(sequence);
  }
  const compared: number[] = [];
  for (const candidate of CANDIDATES) {
    const stream = { namespace: "team", canary: "c", candidate, stable: STABLE };
    const { records, head } = await store.comparisons(stream, { cursor: null, limit: 1_000 });
    const sequences = records.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
    expect(head).toBe(sequences.at(-1) ?? 0);
    const votes = new Map<string, number>();
    for (const { unit, vote, corrects } of records) {
      if (corrects !== undefined) continue;
      expect(vote).toBe((votes.get(unit) ?? 0) + 1);
      votes.set(unit, vote);
    }
    compared.push(...sequences);
  }
  expect(streamed).toEqual(streamed.toSorted((one, other) => one - other));
  expect((await store.head(DATASET, 0)).preferences).toBe(streamed.length);
  expect(new Set([...streamed, ...compared]), "all that was acknowledged is there, and nothing else").toEqual(
    new Set(sequenceOf.values()),
  );
}

test("any interleaving of intake keeps sequence numbers in order and numbers votes without gaps, over restarts", {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(history, async (rounds) => {
      const dataDir = await mkdtemp(join(tmpdir(), "dpo-collector-"));
      const open = () => openSqliteStore({ dataDir, queueLimit: 100, clock: systemClock, random: Math.random });
      const acknowledgements: Acknowledged[] = [];
      try {
        for (const round of rounds) {
          const store = open();
          const results = await Promise.all(round.map((step) => run(store, step)));
          acknowledgements.push(...results.flat());
          await check(store, acknowledgements);
          store.close();
        }
      } finally {
        await rm(dataDir, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
