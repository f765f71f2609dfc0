import { expect, test } from "vitest";
import { unblind } from "../../../src/collector/unblind.ts";

const pair = { stableText: "old", otherText: "new", candidate: "c" };
const old = { chosen: "old", rejected: "new" };
const fresh = { chosen: "new", rejected: "old" };

test.each([
  ["A", true, 0, old],
  ["B", true, 1, fresh],
  ["A", false, 1, fresh],
  ["B", false, 0, old],
  ["Tie", true, 0.5, null],
  ["Tie", false, 0.5, null],
  [0.75, true, 0.25, old],
  [0.75, false, 0.75, fresh],
  [0.5, true, 0.5, null],
  [0, true, 1, fresh],
  [1, false, 1, fresh],
] as const)("%s where stable is A: %s is %s for the candidate", (choice, stableIsA, outcome, preference) => {
  expect(unblind(pair, stableIsA, choice)).toEqual({ outcome, preference });
  expect(unblind({ ...pair, candidate: null }, stableIsA, choice)).toEqual({ outcome: null, preference });
});
