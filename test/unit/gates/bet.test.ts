import { expect, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { simulateUnits, type UnitsCell } from "../../../bench/gates/simulate-units.ts";
import { type Betting, FIRST_ON_PROMPT, selectBet } from "../../../src/gates/bet.ts";
import { winRateTest } from "../../../src/gates/win-rate.ts";

const FIRST_OF_RATER: Betting = { unit: "Rater", votesPerUnit: 1 };

test("the first vote on a prompt is a bet", () => {
  expect(selectBet({ sequence: 7, outcome: 0.5, vote: 1, raterVote: null })).toEqual({ sequence: 7, outcome: 0.5 });
});

test.each([2, 3, 40])("vote %d on a prompt is none, however it fell", (vote) => {
  expect(selectBet({ sequence: 8, outcome: 1, vote, raterVote: 1 })).toBeUndefined();
});

test("a choice that was corrected is the bet that it was first, and the correction none", () => {
  const first = { sequence: 7, outcome: 1, vote: 1, raterVote: 1 };
  expect(selectBet(first)).toEqual({ sequence: 7, outcome: 1 });
  expect(selectBet({ ...first, sequence: 9, outcome: 0, corrects: 7 })).toBeUndefined();
  expect(selectBet({ ...first, sequence: 9, outcome: 0, corrects: 7 }, FIRST_OF_RATER)).toBeUndefined();
});

test.each<[Betting, { vote: number; raterVote: number | null }, boolean]>([
  [{ unit: "Prompt", votesPerUnit: 1 }, { vote: 1, raterVote: 30 }, true],
  [{ unit: "Prompt", votesPerUnit: 3 }, { vote: 3, raterVote: 1 }, true],
  [{ unit: "Prompt", votesPerUnit: 3 }, { vote: 1, raterVote: 3 }, false],
  [{ unit: "Prompt", votesPerUnit: 3 }, { vote: 4, raterVote: 3 }, false],
  [{ unit: "Rater", votesPerUnit: 1 }, { vote: 9, raterVote: 1 }, true],
  [{ unit: "Rater", votesPerUnit: 1 }, { vote: 1, raterVote: 2 }, false],
  [{ unit: "Rater", votesPerUnit: 2 }, { vote: 1, raterVote: 2 }, true],
  [{ unit: "Rater", votesPerUnit: 1 }, { vote: 1, raterVote: null }, false],
])("with %o the vote %o is a bet: %s", (betting, votes, isBet) => {
  const bet = { sequence: 7, outcome: 0 };
  expect(selectBet({ ...bet, ...votes }, betting)).toEqual(isBet ? bet : undefined);
});

const equal = winRateTest({ min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 });
const raters = { raters: 10, raterEffect: 0.09, prompts: 1, promptEffect: 0 };
const prompts = { raters: 1, raterEffect: 0, prompts: 20, promptEffect: 0.3 };

function promoted(seed: number, cell: Omit<UnitsCell, "maxVotes" | "runs">): number {
  return simulateUnits(equal, seededRandom(seed), { ...cell, maxVotes: 3000, runs: 1500 }).promoted;
}

test("ten recurring raters who vote all day promote an equal model in about 19.5% of runs with a bet a vote", () => {
  expect(Math.abs(promoted(91, { ...raters, betting: undefined }) - 0.195)).toBeLessThan(0.02);
});

test.each([
  { number: 10, votesPerUnit: 1 },
  { number: 10, votesPerUnit: 3 },
  { number: 200, votesPerUnit: 1 },
])("with the unit Rater $number of them keep the 5% that was promised, by vote number $votesPerUnit", (cell) => {
  const betting: Betting = { ...FIRST_OF_RATER, votesPerUnit: cell.votesPerUnit };
  expect(promoted(92, { ...raters, raters: cell.number, betting })).toBeLessThanOrEqual(0.05);
});

test("twenty recurring prompts promote an equal model in about 23% of runs with a bet a vote", () => {
  expect(Math.abs(promoted(93, { ...prompts, betting: undefined }) - 0.228)).toBeLessThan(0.02);
});

test("with the unit Prompt they keep the 5% that was promised", () => {
  expect(promoted(93, { ...prompts, betting: FIRST_ON_PROMPT })).toBeLessThanOrEqual(0.05);
});
