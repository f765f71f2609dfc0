import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { simulateSelection } from "../../../bench/gates/simulate-selection.ts";
import { allocate, drawFrom, hardlyUnder } from "../../../src/gates/allocation.ts";
import { winRateTest } from "../../../src/gates/win-rate.ts";

const nothing = { samples: 0, sum: 0 };

describe("the rate that an arm is hardly under", () => {
  it("is low for luck, and nears what was won", () => {
    expect(hardlyUnder({ samples: 1, sum: 1 })).toBeCloseTo(0.195, 3);
    expect(hardlyUnder({ samples: 94, sum: 61.1 })).toBeCloseTo(0.55, 3);
    expect(hardlyUnder({ samples: 1e6, sum: 650_000 })).toBeCloseTo(0.649, 3);
  });
});

describe("shares of the comparisons", () => {
  it("are alike as long as nothing is known, and all of it for one alone", () => {
    for (const share of allocate([nothing, nothing, nothing], 0.1)) expect(share).toBeCloseTo(1 / 3, 9);
    expect(allocate([{ samples: 9, sum: 2 }], 0.1)).toEqual([1]);
    expect(allocate([], 0.1)).toEqual([]);
  });

  it("are how likely each one is the best, as in closed form for one win of one against nothing", () => {
    // X of Beta(2, 1) over a uniform Y: the integral of 2x times x.
    const [won = 0, unknown = 0] = allocate([{ samples: 1, sum: 1 }, nothing], 0);
    expect(won).toBeCloseTo(2 / 3, 3);
    expect(unknown).toBeCloseTo(1 / 3, 3);
  });

  it("sum to 1, keep to the least share, and follow the order of what is known, whatever that is", () => {
    const tally = fc
      .tuple(fc.integer({ min: 0, max: 20_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([samples, rate]) => ({ samples, sum: samples * rate }));
    fc.assert(
      fc.property(fc.array(tally, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 25 }), (arms, percent) => {
        const shares = allocate(arms, percent / 100);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const share of shares) expect(share).toBeGreaterThanOrEqual(percent / 100 - 1e-12);
        expect(allocate(arms.toReversed(), percent / 100).toReversed()).toEqual(
          shares.map((share) => expect.closeTo(share, 9)),
        );
      }),
    );
  });

  it("are what is drawn", () => {
    expect([0, 0.19, 0.2, 0.49, 0.5, 0.999].map((random) => drawFrom([0.2, 0.3, 0.5], random))).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
    // Rounding leaves the shares a little under 1.
    expect(drawFrom([0.3, 0.3, 0.3999999], 0.99999999)).toBe(2);
  });
});

describe("a selection of three at {50%, 60%}", () => {
  const test = winRateTest({ min: 0.5, target: 0.6, falsePromotion: 0.05 / 3, falseRollback: 0.05 / 3 });

  it("chooses one of three that are no better than stable in at most 5% of 2,000 runs", { timeout: 60_000 }, () => {
    const cell = { truths: [0.5, 0.5, 0.5], minShare: 0.1, runs: 2_000, every: 25 };
    const { nobody } = simulateSelection(test, seededRandom(21), cell);
    expect(1 - nobody).toBeLessThanOrEqual(0.05);
    expect(1 - nobody).toBeGreaterThan(0.02);
  });

  it("chooses the good one of three, by fewer comparisons than with shares that are alike", { timeout: 60_000 }, () => {
    const truths = [0.45, 0.7, 0.45];
    const thompson = simulateSelection(test, seededRandom(22), { truths, minShare: 0.1, runs: 2_000 });
    const alike = simulateSelection(test, seededRandom(22), { truths, runs: 2_000 });
    expect(thompson.chosen[1]).toBeGreaterThan(0.95);
    expect(thompson.meanComparisons / alike.meanComparisons).toBeLessThan(0.75);
  });

  it("rejects any of three good ones in at most 5% of 1,000 runs", { timeout: 60_000 }, () => {
    const cell = { truths: [0.6, 0.6, 0.6], minShare: 0.1, runs: 1_000, every: 25 };
    const { anyRejected } = simulateSelection(test, seededRandom(23), cell);
    expect(anyRejected).toBeLessThanOrEqual(0.05);
    expect(anyRejected).toBeGreaterThan(0);
  });
});
