import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { inTurns, type ShiftingCell, simulateShifting } from "../../../bench/gates/simulate-shifting.ts";
import { assessWinRate } from "../../../src/gates/assess.ts";
import { logEvidence } from "../../../src/gates/mixture.ts";
import { LOG_CHANGE_THRESHOLD } from "../../../src/gates/shifting.ts";
import { since } from "../../../src/gates/tally.ts";
import {
  emptyWatchedWinRate,
  emptyWinRate,
  foldWinRate,
  isShifting,
  promotionEvidence,
  retryWinRate,
  type WinRateState,
  winRateTest,
} from "../../../src/gates/win-rate.ts";

const better = winRateTest({ min: 0.6, target: 0.7, falsePromotion: 0.05, falseRollback: 0.05 });

/** "300:70 300:50": so many bets with such a percentage of wins, evenly spread. */
function fold(text: string, from: WinRateState = emptyWatchedWinRate): WinRateState {
  return text.split(" ").reduce((start, stretch) => {
    const [bets = 0, percent = 0] = stretch.split(":").map(Number);
    let state = start;
    for (let i = 0; i < bets; i++) {
      const outcome = Math.floor(((i + 1) * percent) / 100) - Math.floor((i * percent) / 100);
      state = foldWinRate(better, state, { sequence: state.samples + 1, outcome });
    }
    return state;
  }, from);
}

function simulate(seed: number, cell: Partial<ShiftingCell>) {
  const full = { mean: () => 0.6, monitor: true, promotesFrom: 1, rollback: false, maxBets: 1500, runs: 300, ...cell };
  return simulateShifting(better, seededRandom(seed), full);
}

const comesAndGoes = { mean: inTurns(0.7, 0.5, 300) };

test("promoted at once, a mean of 70% and 50% in turns of 300 is taken for 70% in 91% of runs: no change was there yet", () => {
  for (const monitor of [false, true]) {
    const { promoted } = simulate(61, { ...comesAndGoes, monitor, runs: 1000 });
    expect(Math.abs(promoted - 0.91)).toBeLessThan(0.02);
  }
});

test("where steps come before promotion the monitor takes the Pass back: 91% without it, 1% with it", () => {
  const later = { ...comesAndGoes, promotesFrom: 600 };
  expect(simulate(62, { ...later, monitor: false }).promoted).toBeGreaterThan(0.87);
  expect(simulate(62, later).promoted).toBeLessThanOrEqual(0.01);
});

test("after a thousand good bets a fall would go unseen for long: 90% without the monitor, 2% with it, rollback on", () => {
  const late = { mean: inTurns(0.7, 0.5, 1000), promotesFrom: 1200, rollback: true };
  expect(simulate(63, { ...late, monitor: false }).promoted).toBeGreaterThan(0.85);
  expect(simulate(63, { ...late, runs: 500 }).promoted).toBeLessThanOrEqual(0.03);
});

test.each([
  { promotesFrom: 1, rollback: true, runs: 10_000 },
  { promotesFrom: 500, rollback: false, runs: 500 },
])("a model at min is promoted in at most 5% of runs with the monitor on: %o", (cell) => {
  const { promoted } = simulate(64, { ...cell, maxBets: 2000 });
  expect(promoted).toBeLessThanOrEqual(0.05);
  expect(promoted).toBeGreaterThan(0);
});

test("a model at target is said to be shifting in at most 2% of runs of 1000 bets, as the e-detector promises", () => {
  const { shifting } = simulate(65, { mean: () => 0.7, rollback: true, promotesFrom: 1001, maxBets: 1000, runs: 1000 });
  expect(shifting).toBeLessThanOrEqual(0.02);
});

test("a change says where it was found, since when, and takes the Pass with it", () => {
  const passed = fold("1000:70");
  expect(passed).toMatchObject({ passedAt: expect.anything(), shift: { best: { samples: 1000, sum: 700 } } });
  const changed = fold("150:50", passed);
  expect(changed).not.toHaveProperty("passedAt");
  expect(changed).not.toHaveProperty("failedAt");
  const { change } = changed.shift ?? {};
  expect(change).toMatchObject({ before: { samples: 1000, sum: 700 }, carried: 0 });
  const found = change?.samples ?? 0;
  expect(found - 1000).toBeGreaterThan(80);
  const after = since({ samples: found, sum: change?.sum ?? 0 }, change?.before);
  expect(logEvidence(better.rollback, after.samples, after.sum)).toBeGreaterThanOrEqual(LOG_CHANGE_THRESHOLD);
});

test("old good evidence is dropped at a change, old bad evidence stays", () => {
  const good = fold("1000:70 150:50").shift?.change;
  expect(promotionEvidence(better, fold("1000:70"))).toBeGreaterThan(15);
  expect(good?.carried).toBe(0);
  const bad = fold("250:70 150:50");
  expect(bad.shift?.change?.carried).toBeLessThan(-1);
  const { samples = 0, sum = 0, carried = 0 } = bad.shift?.change ?? {};
  const rest = since(bad, { samples, sum });
  expect(promotionEvidence(better, bad)).toBeCloseTo(
    carried + logEvidence(better.promotion, rest.samples, rest.sum),
    10,
  );
});

test("nothing passes until the bets are three times those at the change, then evidence since it decides", () => {
  const changed = fold("1000:70 150:50");
  const settles = 3 * (changed.shift?.change?.samples ?? 0);
  const before = fold(`${settles - changed.samples - 1}:75`, changed);
  expect(before.passedAt?.samples).toBeGreaterThan(1150);
  expect(isShifting(before)).toBe(true);
  expect(assessWinRate(better, before).verdict).toBe("Shifting");
  expect(assessWinRate(better, fold("1:100", before)).verdict).toBe("Pass");
});

test("a mean that rises, falls between two good values, or was never good enough to pass, is no change", () => {
  for (const text of ["300:65 600:90", "300:90 600:70", "500:66", "100:66 600:50"]) {
    expect(fold(text).shift).not.toHaveProperty("change");
  }
});

test("a stream that is not watched is as it was", () => {
  expect(fold("1000:70 150:50", emptyWinRate)).not.toHaveProperty("shift");
  expect(fold("1000:70 150:50", emptyWinRate)).toHaveProperty("passedAt");
});

test("a retry keeps what the monitor knows", () => {
  const failed = fold("250:70 300:50");
  expect(failed).toHaveProperty("failedAt");
  expect(retryWinRate(failed)).toMatchObject({ shift: failed.shift });
});

test("the state does not depend on how the bets were batched, nor on a restart in between", () => {
  const stretch = fc.tuple(fc.nat(200), fc.constantFrom(30, 50, 70, 90));
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (stretches) => {
      const all = stretches.map((part) => part.join(":"));
      const stored = all.reduce<WinRateState>(
        (state, part) => fold(part, JSON.parse(JSON.stringify(state))),
        emptyWatchedWinRate,
      );
      expect(fold(all.join(" "))).toMatchObject({ samples: stored.samples, sum: stored.sum });
      expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
      expect(stored).toEqual(fold(all.join(" ")));
    }),
    { seed: 7, numRuns: 100 },
  );
});

test("Shifting outranks nothing but Undecided and Pass: unreadable comparisons are NoData, a Fail stays a Fail", () => {
  const changed = fold("1000:70 150:50");
  expect(assessWinRate(better, changed).verdict).toBe("Shifting");
  expect(assessWinRate(better, changed, "no answer").verdict).toBe("NoData");
  expect(assessWinRate(better, fold("600:50", changed)).verdict).toBe("Fail");
});

test("it is explained by what was before, what came then, and how long nothing passes", () => {
  expect(assessWinRate(better, fold("1000:70 150:50")).message).toMatch(
    /^67\.4% of 1150 comparisons .*; the mean fell: 70% of 1000 comparisons preferred the candidate \(interval 6\d-7\d%\), then 49.5% of 99 comparisons preferred the candidate \(interval .*\) up to the collector's number 1\d+, where evidence for promotion went on from 1; nothing passes before 3\d+ comparisons$/,
  );
  expect(assessWinRate(better, fold("1000:70 150:50 3000:75")).message).toMatch(/; it has settled since$/);
});
