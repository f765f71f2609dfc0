import { expect, test } from "vitest";
import { selectBet } from "../../../src/gates/bet.ts";

test("the first vote on a prompt is a bet", () => {
  expect(selectBet({ sequence: 7, outcome: 0.5, vote: 1 })).toEqual({ sequence: 7, outcome: 0.5 });
});

test.each([2, 3, 40])("vote %d on a prompt is none, however it fell", (vote) => {
  expect(selectBet({ sequence: 8, outcome: 1, vote })).toBeUndefined();
});
