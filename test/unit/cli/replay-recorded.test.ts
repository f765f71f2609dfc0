import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Replayed } from "../../../src/cli/replay/replay.ts";
import { sharedData } from "../../shared-data.ts";
import { dpo } from "./run-dpo.ts";

const recorded = sharedData("alpaca-eval/comparisons.csv.gz");
const published = sharedData("alpaca-eval/comparisons-published.csv");
const ORDERS = 200;

async function replayed(min: number, target: number): Promise<Replayed[]> {
  const thresholds = ["--min", `${min}%`, "--target", `${target}%`];
  const { stdout } = await dpo(["replay", recorded ?? "", ...thresholds, "--orders", `${ORDERS}`, "--json"]);
  return JSON.parse(stdout);
}

/** Win rates in percent, by model. */
function publishedRates(): Map<string | null, number> {
  const rows = readFileSync(published ?? "", "utf8")
    .trim()
    .split("\n")
    .slice(1);
  return new Map(rows.map((row) => row.split(",")).map(([model = "", rate]) => [model, Number(rate)]));
}

describe("real comparisons of ten models with one baseline (AlpacaEval), where they are at hand", () => {
  test.skipIf(recorded === undefined)("have the published win rates, each inside of its interval", async () => {
    const rates = publishedRates();
    const models = await replayed(45, 50);
    expect(models.map(({ model }) => model).toSorted()).toEqual([...rates.keys()].toSorted());
    for (const { model, samples, estimate, interval } of models) {
      const rate = rates.get(model) ?? Number.NaN;
      expect(samples).toBe(805);
      expect(Math.abs(estimate * 100 - rate), `${model}`).toBeLessThan(0.01);
      expect(interval[0] * 100).toBeLessThan(rate);
      expect(interval[1] * 100).toBeGreaterThan(rate);
    }
  });

  test.skipIf(recorded === undefined).each([
    [25, 30],
    [45, 50],
    [60, 65],
  ])("in any order the verdicts at min %d and target %d are wrong in at most one of twenty", async (min, target) => {
    const rates = publishedRates();
    for (const { model, orders } of await replayed(min, target)) {
      const rate = rates.get(model) ?? Number.NaN;
      const { Pass: passed = 0, Fail: failed = 0 } = orders ?? {};
      if (rate <= min) expect(passed, `${model}`).toBeLessThanOrEqual(ORDERS * 0.05);
      if (rate >= target) expect(failed, `${model}`).toBeLessThanOrEqual(ORDERS * 0.05);
      if (rate <= min - 5) expect(failed, `${model}`).toBeGreaterThanOrEqual(ORDERS * 0.95);
      if (rate >= target + 5) expect(passed, `${model}`).toBeGreaterThanOrEqual(ORDERS * 0.95);
    }
  });
});
