import fc from "fast-check";
import { expect, test } from "vitest";
import { logEvidence } from "../../../src/gates/mixture.ts";
import {
  type Bet,
  emptyWinRate,
  foldWinRate,
  isExhausted,
  notWorse,
  retryWinRate,
  type WinRateState,
  winRateTest,
} from "../../../src/gates/win-rate.ts";
import { RATINGS } from "../../../src/gates/wording.ts";

const spec = { min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 };
const better = winRateTest(spec);

function fold(bets: readonly Bet[], from: WinRateState = emptyWinRate): WinRateState {
  return bets.reduce((state, bet) => foldWinRate(better, state, bet), from);
}

function bets(values: readonly number[], firstSequence = 1): Bet[] {
  return values.map((outcome, i) => ({ sequence: firstSequence + i, outcome }));
}

test("a candidate that always wins passes, and the crossing says where and by which numbers", () => {
  const state = fold(bets(Array.from({ length: 40 }, () => 1)));
  const at = state.passedAt?.sequence ?? 0;
  expect(state.passedAt).toEqual({ sequence: at, samples: at, sum: at });
  expect(logEvidence(better.promotion, at, at)).toBeGreaterThanOrEqual(Math.log(20));
  expect(logEvidence(better.promotion, at - 1, at - 1)).toBeLessThan(Math.log(20));
  expect(at).toBeLessThanOrEqual(12);
});

test("a candidate that always loses fails within ten comparisons", () => {
  expect(fold(bets(Array.from({ length: 10 }, () => 0))).failedAt?.samples).toBeLessThanOrEqual(10);
});

test("ties count half: a hundred of them move the evidence as fifty wins and fifty losses do", () => {
  const ties = fold(bets(Array.from({ length: 100 }, () => 0.5)));
  const mixed = fold(bets(Array.from({ length: 100 }, (_, i) => i % 2)));
  expect({ samples: ties.samples, sum: ties.sum }).toEqual({ samples: mixed.samples, sum: mixed.sum });
});

test("a Pass is latched and does not keep a later Fail away", () => {
  const passed = fold(bets(Array.from({ length: 20 }, () => 1)));
  const turned = fold(
    bets(
      Array.from({ length: 400 }, () => 0),
      21,
    ),
    passed,
  );
  expect(turned.passedAt).toEqual(passed.passedAt);
  expect(turned.failedAt?.sequence).toBeGreaterThan(20);
});

test("a Fail stays whatever comes after it", () => {
  const failed = fold(bets(Array.from({ length: 30 }, () => 0)));
  const recovered = fold(
    bets(
      Array.from({ length: 3000 }, () => 1),
      31,
    ),
    failed,
  );
  expect(recovered.failedAt).toEqual(failed.failedAt);
});

test("the state does not depend on how the bets were batched, nor on a restart in between", () => {
  const outcome = fc.constantFrom(0, 0.5, 1);
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 400 }), fc.array(fc.nat(400)), (values, cuts) => {
      const all = bets(values);
      const edges = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
      let batched: WinRateState = emptyWinRate;
      for (const [i, start] of edges.entries()) {
        const stored: WinRateState = JSON.parse(JSON.stringify(batched));
        batched = fold(all.slice(start, edges[i + 1] ?? all.length), stored);
      }
      expect(batched).toEqual(fold(all));
    }),
    { seed: 5, numRuns: 200 },
  );
});

test("the evidence after a million outcomes is what their number and sum say, to the last digits", () => {
  const samples = 1_000_000;
  const sum = 500_000;
  // At this length the nearest alternative alone is left: ln(3/4) + s ln(m1/m0) + f ln((1-m1)/(1-m0)).
  const nearest = Math.log(0.75) + sum * Math.log(0.6 / 0.5) + (samples - sum) * Math.log(0.4 / 0.5);
  expect(logEvidence(better.promotion, samples, sum)).toBeCloseTo(nearest, 6);
  expect(logEvidence(better.promotion, samples, samples)).toBeGreaterThan(600_000);
});

test("an alternating stream of a million bets sums without loss", () => {
  const values = Array.from({ length: 1_000_000 }, (_, i) => (i % 4) / 4);
  expect(fold(bets(values)).sum).toBe(375_000);
});

test("stable's own digest is judged not worse over a region of the same width", () => {
  const { min, target } = notWorse({ ...spec, min: 0.55, target: 0.65 });
  expect(min).toBeCloseTo(0.4, 12);
  expect(target).toBe(0.5);
});

test.each([
  { min: 0.6, target: 0.5 },
  { min: 0.5, target: 0.5 },
  { min: 0, target: 0.5 },
  { min: 0.5, target: 1 },
  { falsePromotion: 0 },
  { falseRollback: 1 },
  { minSamples: 0 },
  { minSamples: 200, maxSamples: 100 },
])("numbers that are no test are refused: %o", (wrong) => {
  expect(() => winRateTest({ ...spec, ...wrong })).toThrow(RangeError);
});

test("after maxSamples nothing passes any more, but a candidate that turns bad still fails", () => {
  const short = winRateTest({ ...spec, maxSamples: 50 });
  const undecided = bets(Array.from({ length: 50 }, (_, i) => i % 2)).reduce(
    (state, bet) => foldWinRate(short, state, bet),
    emptyWinRate,
  );
  expect(isExhausted(short, undecided)).toBe(true);
  const after = (outcome: number) =>
    bets(Array(500).fill(outcome), 51).reduce((state, bet) => foldWinRate(short, state, bet), undecided);
  expect(after(1)).toEqual({ samples: 550, sum: 525 });
  expect(after(0).failedAt).toBeDefined();
  expect(isExhausted(short, after(0))).toBe(false);
});

test("a compliance test names itself and its ratings in what it refuses", () => {
  expect(() => winRateTest({ ...spec, min: 0.7 }, RATINGS)).toThrow("compliance needs 0 < min < target < 1");
  expect(() => foldWinRate(winRateTest(spec, RATINGS), emptyWinRate, { sequence: 3, outcome: 2 })).toThrow("rating 3");
});

test.each([-0.1, 1.5, Number.NaN])("an outcome of %d is refused, with the comparison's number", (outcome) => {
  expect(() => foldWinRate(better, emptyWinRate, { sequence: 812, outcome })).toThrow("comparison 812");
});

test("after a retry rollback is decided by what comes then, promotion by everything", () => {
  const wins = (count: number, firstSequence: number) =>
    bets(
      Array.from({ length: count }, () => 1),
      firstSequence,
    );
  const failed = fold(bets(Array.from({ length: 10 }, () => 0)));
  expect(failed.failedAt).toBeDefined();
  const retried = retryWinRate(failed);
  expect(retried).toEqual({ samples: 10, sum: 0, rollbackFrom: { samples: 10, sum: 0 } });
  const enoughForANewOne = fold(wins(20, 1));
  expect(enoughForANewOne.passedAt).toBeDefined();
  const tried = fold(wins(20, 11), retried);
  expect(tried).toMatchObject({ samples: 30, sum: 20 });
  expect(tried.passedAt).toBeUndefined();
  expect(tried.failedAt).toBeUndefined();
  expect(fold(wins(60, 31), tried).passedAt).toBeDefined();
});

test("what is folded anew and is other than it was cannot fail by the difference", () => {
  const half = (_: unknown, i: number) => i % 2;
  const promoted = retryWinRate(fold(bets(Array.from({ length: 200 }, () => 1))));
  const { rollbackFrom } = promoted;
  const restored = fold(bets(Array.from({ length: 199 }, half)), {
    ...emptyWinRate,
    ...(rollbackFrom && { rollbackFrom }),
  });
  const after = fold(bets([1, 1, 0, 1, 1], 200), restored);
  expect(after.failedAt).toBeUndefined();
  expect(after.rollbackFrom).toEqual({ samples: 200, sum: 100 });
});
