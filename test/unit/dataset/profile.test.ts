import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { profileOutcomeSchema } from "../../../src/api/contracts/profile.ts";
import { snapshotManifestSchema } from "../../../src/artifacts/manifest.ts";
import { parquetRowId, splitDigest } from "../../../src/artifacts/snapshot-row.ts";
import { verify } from "../../../src/artifacts/verify.ts";
import { pairKeys } from "../../../src/dataset/record-keys.ts";
import { promptKey, splitOf } from "../../../src/dataset/split.ts";
import { CollectorError } from "../../../src/evidence/collector-error.ts";
import { preference } from "./preferences.ts";
import { PROFILE_TIMEOUT, profiled, succeeded } from "./profiled.ts";
import { snapshotRows } from "./snapshot-rows.ts";

const forty = Array.from({ length: 40 }, (_, index) => preference(index + 1));

describe("a snapshot", { timeout: PROFILE_TIMEOUT }, () => {
  test("has the same digest whatever order the preferences come in", async () => {
    const votes = forty.flatMap((vote) => [
      { ...vote, labeler: "ada" },
      { ...vote, labeler: "bob", chosen: ` ${vote.chosen}` },
      { ...vote, labeler: "cyd", chosen: vote.rejected, rejected: vote.chosen },
    ]);
    const { digest } = succeeded(await profiled(votes));
    const shuffled = fc.shuffledSubarray(votes, { minLength: votes.length });
    await fc.assert(
      fc.asyncProperty(shuffled, async (order) => succeeded(await profiled(order)).digest === digest),
      { numRuns: 4 },
    );
  });

  test("has another digest when a text, a labeler or a share of the split changes", async () => {
    const { digest } = succeeded(await profiled(forty));
    const [first, ...others] = forty.map((vote) => ({ ...vote }));
    const changed = [
      profiled([{ ...preference(1), chosen: "Another answer." }, ...others]),
      profiled([{ ...preference(1), labeler: "ada" }, ...others]),
      profiled([first ?? preference(1), ...others], { split: { validation: 0.1, heldOut: 0.2 } }),
    ];
    const digests = (await Promise.all(changed)).map((run) => succeeded(run).digest);
    expect(new Set([digest, ...digests]).size).toBe(4);
  });

  test("holds rows that name their own content, in splits that name their rows", async () => {
    const votes = forty.map((vote) => ({
      ...vote,
      prompt: `${vote.prompt} Größe \u2028 "quoted" \\ 😀\n`,
      labeler: "ada",
      labeledAt: "2026-03-01T09:00:00.120Z",
      cohort: vote.sequence % 2 === 0 ? "even" : null,
    }));
    const run = await profiled(votes);
    const { digest, splits } = succeeded(run);
    const manifest = snapshotManifestSchema.parse(
      await verify(path.join(run.volume, digest.replace(":", "/")), digest),
    );
    const files = await snapshotRows(run.volume, digest);
    for (const row of Object.values(files).flat()) expect(parquetRowId(row)).toBe(row.row_id);
    for (const split of ["train", "validation", "heldOut"] as const) {
      const ids = (files[`${split}.parquet`] ?? []).map((row) => row.row_id);
      expect(ids).toEqual(ids.toSorted());
      expect(ids).toHaveLength(splits[split]);
      expect(splitDigest(ids)).toBe(manifest.splits[split].digest);
    }
    expect(splits.train + splits.validation + splits.heldOut).toBe(40);
  });

  test("keeps the whole report beside it", async () => {
    const run = await profiled([...forty, preference(41, { chosen: " " })], { validation: { maxInvalid: 0.5 } });
    const { digest } = succeeded(run);
    const report = JSON.parse(await readFile(path.join(run.volume, `reports/${digest.slice(7)}.json`), "utf8"));
    expect(report).toMatchObject({
      dataset: "support",
      pairs: 40,
      agreementNote: "no pair was judged by two named labelers",
      examples: [{ reason: "EmptyChosen", where: "record p-41", message: "chosen is empty" }],
    });
    expect(await readdir(run.volume)).toEqual(["reports", "sha256"]);
  });
});

describe("quality", { timeout: PROFILE_TIMEOUT }, () => {
  test("accounts for every record", async () => {
    const text = fc.constantFrom("one", "two ", "two", "three", "", "four");
    const labeler = fc.constantFrom(null, "ada", "bob", "cyd");
    const training = fc.constantFrom<true | undefined>(undefined, true);
    const vote = fc.record({ prompt: fc.constantFrom("p", "q", "r"), chosen: text, rejected: text, labeler, training });
    await fc.assert(
      fc.asyncProperty(fc.array(vote, { minLength: 1, maxLength: 60 }), async (votes) => {
        const run = await profiled(
          votes.map((fields, index) => preference(index + 1, fields)),
          { validation: { maxInvalid: 1 }, quality: { minPairs: 0 } },
        );
        const { pairs, quality } = succeeded(run);
        const invalid = Object.values(quality.invalid).reduce((sum, count) => sum + count, 0);
        const { setAside, duplicates, merged, outvoted, tied } = quality;
        expect(invalid + setAside + duplicates + merged + outvoted + tied + pairs).toBe(votes.length);
      }),
      { numRuns: 8 },
    );
  });

  test("validates with nothing that was chosen to learn from, and says how much was set aside", async () => {
    const chosen = Array.from({ length: 200 }, (_, index) => preference(100 + index, { training: true }));
    const run = await profiled([...forty, ...chosen]);
    const { digest, pairs, splits, quality } = succeeded(run);
    const alone = succeeded(await profiled(forty)).splits;
    expect([splits.validation, splits.heldOut]).toEqual([alone.validation, alone.heldOut]);
    expect(splits.train).toBeGreaterThan(alone.train + 120);
    expect(quality.setAside).toBeGreaterThan(20);
    expect(pairs).toBe(240 - quality.setAside);
    const rows = await snapshotRows(run.volume, digest);
    expect(rows["train.parquet"]).toHaveLength(splits.train);

    const few = await profiled(chosen, { quality: { minPairs: 300 } });
    expect(few.outcome).toMatchObject({
      error: {
        message: expect.stringMatching(/: 0 are invalid, \d\d were chosen to learn from and are of prompts that/),
      },
    });
  });

  test("leaves a split empty before it fills it with what was chosen to learn from", async () => {
    const chosen = Array.from({ length: 40 }, (_, index) => preference(100 + index, { training: true }));
    const { splits } = succeeded(await profiled(chosen));
    expect([splits.validation, splits.heldOut]).toEqual([0, 0]);
    // One that users asked, among them.
    const asked = preference(1);
    const mixed = await profiled([asked, ...chosen], { split: { validation: 0, heldOut: 0.2 } });
    const rows = await snapshotRows(mixed.volume, succeeded(mixed).digest);
    expect(rows["heldOut.parquet"]?.map(({ prompt }) => prompt)).toEqual([asked.prompt]);
    const others = forty.filter(
      ({ prompt }) => splitOf(promptKey(prompt), { validation: 0, heldOut: 0.2 }) === "heldOut",
    );
    const elsewhere = await profiled([...others, ...chosen], { split: { validation: 1e-9, heldOut: 0.2 } });
    expect(succeeded(elsewhere).splits).toMatchObject({ validation: 1, heldOut: others.length - 1 });
  });

  test("reads what a profile of an earlier release says, which set nothing aside", async () => {
    const { quality, ...outcome } = succeeded(await profiled(forty));
    const { setAside: _, ...earlier } = quality;
    expect(profileOutcomeSchema.parse({ ...outcome, quality: earlier })).toEqual({ ...outcome, quality });
  });

  test("tells duplicates, agreeing, outvoted and tied votes apart", async () => {
    const good = { prompt: "p", chosen: "good", rejected: "bad" };
    const bad = { prompt: "p", chosen: "bad", rejected: "good" };
    const tie = { prompt: "q", chosen: "x", rejected: "y" };
    const run = await profiled([
      preference(1, { ...good, labeler: "ada" }),
      preference(2, { ...good, labeler: "ada", chosen: "good\n" }),
      preference(3, { ...good, labeler: "bob" }),
      preference(4, { ...bad, labeler: "cyd" }),
      preference(5, { ...tie, labeler: "ada" }),
      preference(6, { ...tie, labeler: "bob", chosen: "y", rejected: "x" }),
    ]);
    const { digest, pairs, quality } = succeeded(run);
    expect({ pairs, ...quality }).toMatchObject({
      pairs: 1,
      records: 6,
      duplicates: 1,
      merged: 1,
      outvoted: 1,
      tied: 2,
      labelers: 3,
      largestLabelerShare: 0.4,
      medianAgeSeconds: 86_400,
    });
    const rows = Object.values(await snapshotRows(run.volume, digest)).flat();
    expect(rows.map((row) => [row.prompt, row.rejected])).toEqual([["p", "bad"]]);
  });

  test("agrees with Krippendorff's example A, two observers of ten binary units", async () => {
    const observers = { ada: [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], bob: [1, 1, 1, 0, 0, 1, 0, 0, 0, 0] };
    // Which of two answers a pair's key puts first is a matter of hashing: both codings give the same votes.
    const votes = Object.entries(observers).flatMap(([labeler, values]) =>
      values.map((value, unit) => {
        const [first, second] = orderedTexts(`unit ${unit}`);
        const texts = value === 1 ? { chosen: first, rejected: second } : { chosen: second, rejected: first };
        return preference(unit + 1, { ...texts, prompt: `unit ${unit}`, labeler });
      }),
    );
    const { quality } = succeeded(await profiled(votes));
    expect(quality.agreement?.units).toBe(10);
    expect(quality.agreement?.value).toBeCloseTo(0.095238, 6);
    const [low = 1, high = 0] = quality.agreement?.interval ?? [];
    expect(low).toBeLessThan(0.0952);
    expect(high).toBeGreaterThan(0.0953);
  });

  test("has no agreement when every rating is the same", async () => {
    const [first, second] = orderedTexts("p");
    const vote = { prompt: "p", chosen: first, rejected: second };
    const { quality } = succeeded(
      await profiled([preference(1, { ...vote, labeler: "ada" }), preference(2, { ...vote, labeler: "bob" })]),
    );
    expect(quality.agreement).toBeNull();
  });
});

describe("a profile that makes no snapshot", { timeout: PROFILE_TIMEOUT }, () => {
  test("names counts, a record and the remedy when too many records are invalid", async () => {
    const run = await profiled([...forty, preference(41, { chosen: "" }), preference(42, { rejected: "\u0000" })]);
    expect(run.outcome).toMatchObject({
      error: {
        reason: "TooManyInvalid",
        message:
          "2 of 42 records are invalid (EmptyChosen 1, NotText 1), validation.maxInvalid allows 1%; for example " +
          "record p-41: chosen is empty. Mend what writes them, or raise validation.maxInvalid to 5%.",
      },
      quality: { records: 42, invalid: { EmptyChosen: 1, NotText: 1 } },
      examples: [{ where: "record p-41" }, { where: "record p-42" }],
    });
    await expect(readdir(run.volume)).rejects.toThrow("ENOENT");
  });

  test("says what became of the records when too few pairs are left", async () => {
    const run = await profiled([...forty, ...forty], { quality: { minPairs: 50 } });
    expect(run.outcome).toMatchObject({
      error: {
        reason: "TooFewPairs",
        message: expect.stringContaining(
          "80 records make 40 distinct pairs, quality.minPairs asks for 50: 0 are invalid, 40 repeat",
        ),
      },
    });
  });

  test("with no records at all has too few pairs", async () => {
    expect((await profiled([])).outcome).toMatchObject({ error: { reason: "TooFewPairs" } });
  });

  test.each([
    ["CollectorUnreachable", new CollectorError("Unreachable", 0, "GET /v1: connect ECONNREFUSED")],
    ["CollectorRefused", new CollectorError("Forbidden", 403, "GET /v1: not your namespace")],
    ["StorageFailed", Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" })],
    ["Failed", new Error("something else")],
  ])("says %s and what it heard when the stream breaks", async (reason, error) => {
    const broken = {
      async *streamPreferences() {
        yield preference(1);
        throw error;
      },
    };
    const { outcome } = await profiled(broken);
    expect(outcome).toMatchObject({ error: { reason, message: expect.stringContaining(error.message) } });
  });

  test("leaves an outcome of at most 4 KB that the manager can read, whatever the ids are", async () => {
    const id = "\u0001".repeat(253);
    const faults = [{ prompt: "" }, { chosen: "" }, { rejected: "" }, { chosen: "x", rejected: "x" }, { chosen: "\0" }];
    const run = await profiled(
      faults.map((fields, index) => preference(index + 1, { ...fields, id: `${index}${id}` })),
    );
    const text = await readFile(run.config.terminationLog, "utf8");
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    expect(profileOutcomeSchema.parse(JSON.parse(text))).toMatchObject({ error: { reason: "TooManyInvalid" } });
  });
});

/** The two answers of a prompt in the order of their keys. */
function orderedTexts(prompt: string): [string, string] {
  return pairKeys({ prompt, chosen: "left", rejected: "right" }).chosenFirst ? ["left", "right"] : ["right", "left"];
}
