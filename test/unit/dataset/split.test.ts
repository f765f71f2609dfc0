import { describe, expect, test } from "vitest";
import { promptKey, splitOf } from "../../../src/dataset/split.ts";
import { preference } from "./preferences.ts";
import { PROFILE_TIMEOUT, profiled, succeeded } from "./profiled.ts";
import { snapshotRows } from "./snapshot-rows.ts";

const shares = { validation: 0.05, heldOut: 0.2 };

describe("the split by prompt", { timeout: PROFILE_TIMEOUT }, () => {
  test("gives each split its share of many prompts", () => {
    const count = { train: 0, validation: 0, heldOut: 0 };
    for (let index = 0; index < 20_000; index += 1) count[splitOf(promptKey(`Question ${index}?`), shares)] += 1;
    expect(count.heldOut / 20_000).toBeCloseTo(0.2, 1);
    expect(count.validation / 20_000).toBeCloseTo(0.05, 2);
  });

  test("is golden: a prompt that was trained on never becomes a test", () => {
    expect(["a", "b", "c", "d", "e", "f", "g", "h"].map((prompt) => splitOf(promptKey(prompt), shares))).toEqual([
      "validation",
      "train",
      "train",
      "train",
      "heldOut",
      "train",
      "train",
      "train",
    ]);
  });

  test("lets no prompt into two splits, however it is written", async () => {
    const spellings = [(n: number) => `Grüße ${n}`, (n: number) => `  Grüße ${n}\n`, (n: number) => `Gru\u0308ße ${n}`];
    const votes = spellings.flatMap((spell, spelling) =>
      Array.from({ length: 100 }, (_, topic) =>
        preference(100 * spelling + topic + 1, { prompt: spell(topic), chosen: `good ${spelling}` }),
      ),
    );
    const run = await profiled(votes);
    const files = await snapshotRows(run.volume, succeeded(run).digest);
    const splitsOfPrompt = new Map<string, Set<string>>();
    for (const [file, rows] of Object.entries(files)) {
      for (const { prompt } of rows) {
        const key = prompt.normalize("NFC").trim();
        splitsOfPrompt.set(key, (splitsOfPrompt.get(key) ?? new Set()).add(file));
      }
    }
    expect(splitsOfPrompt.size).toBe(100);
    expect([...splitsOfPrompt.values()].filter((splits) => splits.size > 1)).toEqual([]);
  });

  test.each([3, 4, 5, 8, 12, 20])("leaves no split empty with %d prompts", async (prompts) => {
    const { splits } = succeeded(await profiled(Array.from({ length: prompts }, (_, index) => preference(index + 1))));
    expect(Math.min(splits.train, splits.validation, splits.heldOut)).toBeGreaterThan(0);
  });

  test.each([
    [1, { train: 1, heldOut: 0, validation: 0 }],
    [2, { train: 1, heldOut: 1, validation: 0 }],
  ])("serves training first with %d prompts", async (prompts, expected) => {
    const votes = Array.from({ length: prompts }, (_, index) => preference(index + 1));
    expect(succeeded(await profiled(votes)).splits).toEqual(expected);
  });

  test("leaves a split without a share empty", async () => {
    const votes = Array.from({ length: 50 }, (_, index) => preference(index + 1));
    const { splits } = succeeded(await profiled(votes, { split: { validation: 0, heldOut: 0 } }));
    expect(splits).toEqual({ train: 50, validation: 0, heldOut: 0 });
  });
});
