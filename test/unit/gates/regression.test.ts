import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { type RegressionCell, simulateRegression } from "../../../bench/gates/simulate-regression.ts";
import {
  emptyRegression,
  foldRegression,
  type Rating,
  type RegressionState,
  regressionTest,
  retryRegression,
} from "../../../src/gates/regression.ts";

const regression = regressionTest({ maxDrop: 0.05, falsePromotion: 0.05, falseRollback: 0.05 });

function fold(ratings: readonly Rating[], from: RegressionState = emptyRegression): RegressionState {
  return ratings.reduce((state, rating) => foldRegression(regression, state, rating), from);
}

/** "c1 s0 s1": the arms and outcomes of ratings in their order. */
function ratings(text: string): Rating[] {
  return text.split(" ").map((word, i) => ({
    sequence: i + 1,
    arm: word.startsWith("c") ? "Candidate" : "Stable",
    outcome: Number(word.slice(1)),
  }));
}

function simulate(seed: number, cell: Partial<RegressionCell>) {
  const full = { candidate: 0.7, stable: 0.7, share: "InTurn" as const, runs: 300, maxPairs: 20_000, ...cell };
  return simulateRegression(regression, seededRandom(seed), full);
}

test.each([
  { ratings: "c1", pairs: 0, sum: 0 },
  { ratings: "s1 s0 s0", pairs: 0, sum: 0 },
  { ratings: "s0 c1", pairs: 1, sum: 1 },
  { ratings: "c1 s0", pairs: 1, sum: 1 },
  { ratings: "s1 s1 s0 s0 c0", pairs: 1, sum: 0.25 },
  { ratings: "c1 c0 s1", pairs: 1, sum: 0.25 },
  { ratings: "s1 c1 c0 s0.5 s1", pairs: 2, sum: 0.75 },
])("$ratings make $pairs pairs of (1 + candidate - stable)/2 that sum to $sum", ({ ratings: text, pairs, sum }) => {
  expect(fold(ratings(text)).pairs).toMatchObject({ samples: pairs, sum });
});

test("without a drop it passes after about 1,520 pairs at 1:1", () => {
  const figures = simulate(41, { runs: 400 });
  expect(Math.abs(figures.meanPairs / 1520 - 1)).toBeLessThan(0.1);
  expect(figures.promoted).toBeGreaterThanOrEqual(0.95);
});

test("a candidate of 1% of the traffic needs half as many pairs, as each meets a hundred of stable's", () => {
  const figures = simulate(42, { share: 0.01, runs: 60 });
  expect(Math.abs(figures.meanPairs / 750 - 1)).toBeLessThan(0.2);
});

test.each([
  { share: "InTurn" as const, runs: 1000 },
  { share: 0.1, runs: 300 },
])("a model 5 points under stable passes in at most 5% of runs, looked at after every rating, $share", (cell) => {
  const { promoted, rolledBack } = simulate(43, { candidate: 0.65, ...cell });
  expect(promoted).toBeLessThanOrEqual(0.05);
  expect(promoted + rolledBack).toBe(1);
});

test("a model as good as stable fails in at most 5% of runs", () => {
  const { rolledBack } = simulate(44, { share: 0.5, runs: 600 });
  expect(rolledBack).toBeLessThanOrEqual(0.05);
  expect(rolledBack).toBeGreaterThan(0);
});

test("the state does not depend on how the ratings were batched, nor on a restart in between", () => {
  const rating = fc.record({
    arm: fc.constantFrom("Candidate" as const, "Stable" as const),
    outcome: fc.constantFrom(0, 0.5, 1),
  });
  fc.assert(
    fc.property(fc.array(rating, { maxLength: 200 }), fc.nat(200), (list, cut) => {
      const all = list.map((item, i) => ({ ...item, sequence: i + 1 }));
      const stored: RegressionState = JSON.parse(JSON.stringify(fold(all.slice(0, cut))));
      expect(fold(all.slice(cut), stored)).toEqual(fold(all));
    }),
    { seed: 6, numRuns: 100 },
  );
});

test("a Pass is latched by number, runs on, and does not keep a later Fail away", () => {
  const equal = ratings(Array(3000).fill("s1 c1").join(" "));
  const passed = fold(equal);
  expect(passed.passedAt?.samples).toBeGreaterThan(10);
  const dropped = ratings(Array(200).fill("s1 c0").join(" "));
  const turned = fold(dropped, passed);
  expect(turned.passedAt).toEqual(passed.passedAt);
  expect(turned.failedAt).toBeDefined();
  const retried = retryRegression(turned);
  expect(retried).not.toHaveProperty("failedAt");
  expect(retried).toMatchObject({ rollback: 0, promotion: turned.promotion, passedAt: passed.passedAt });
});

test("what it remembers is small, however much it has seen", () => {
  const state = fold(ratings(Array(2000).fill("s1 s0 c1 s1 c0").join(" ")));
  expect(JSON.stringify(state).length).toBeLessThan(600);
});

test.each([{ maxDrop: 0 }, { maxDrop: 1 }, { falsePromotion: 0 }, { falseRollback: 1 }])(
  "numbers that are no test are refused: %o",
  (wrong) => {
    const [name = ""] = Object.keys(wrong);
    expect(() => regressionTest({ ...regression.spec, ...wrong })).toThrow(`regression needs ${name} between 0 and 1`);
  },
);

test.each([-0.1, 1.5, Number.NaN])("an outcome of %d is refused, with the rating's number", (outcome) => {
  expect(() => fold([{ sequence: 812, arm: "Stable", outcome }])).toThrow("rating 812");
});
