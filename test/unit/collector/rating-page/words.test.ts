import { expect, test } from "vitest";
import type { State } from "../../../../src/collector/rating-page/rater.js";
import {
  chosen,
  NEW_SITTING,
  received,
  reconsidered,
  type Sitting,
} from "../../../../src/collector/rating-page/sitting.js";
import {
  announcementOf,
  emptyOf,
  noticeOf,
  progressOf,
  refusalOf,
} from "../../../../src/collector/rating-page/words.js";

const calm: State = { sitting: NEW_SITTING, hasMore: true, away: "", uncounted: "" };
const pairOf = (id: string) => ({ id, lease: id, prompt: id, a: "a", b: "b", expiresAt: "" });
const holding = (...ids: string[]) => received(NEW_SITTING, ids.map(pairOf), 1, 0);
const choice = { id: "1", pair: "p", lease: "1", labeler: "ann", choice: "A" as const };
const withUnsent = (count: number): Sitting => ({ ...NEW_SITTING, unsent: Array(count).fill(choice), judged: 3 });

const again = reconsidered(chosen(holding("p", "q"), "A", "ann", 0));

test("who does not see the page is told that a pair is the one before", () => {
  expect(announcementOf({ ...calm, sitting: holding("p") })).toBe("Next pair.");
  expect(announcementOf({ ...calm, sitting: again })).toBe("You chose A: choose again, or skip.");
});

test.each<[string, Partial<State>]>([
  ["0 judged · more are waiting", {}],
  ["5 judged · more are waiting", { sitting: withUnsent(2) }],
  ["0 judged · 2 left", { sitting: holding("p", "q"), hasMore: false }],
  ["0 judged · this is the last", { sitting: holding("p"), hasMore: false }],
  ["0 judged · none is waiting", { hasMore: false }],
  ["You chose A: choose again, or skip", { sitting: again }],
  ["1 judged · this is the last", { sitting: chosen(again, "B", "ann", 0), hasMore: false }],
])("progress: %s", (words, change) => {
  expect(progressOf({ ...calm, ...change })).toBe(words);
});

test.each<[string, Partial<State>, RegExp]>([
  ["a pair is on its way", {}, /^Fetching/],
  ["none waits", { hasMore: false }, /^Nothing to judge just now/],
  ["the collector is away", { away: "it does not answer" }, /as soon as the collector is back/],
])("in place of a pair, when %s", (_what, change, words) => {
  expect(emptyOf({ ...calm, ...change })).toMatch(words);
});

test.each<[string, Partial<State>, string]>([
  ["all is well", {}, ""],
  ["a choice is on its way", { sitting: withUnsent(1) }, ""],
  ["the collector is away", { away: "it does not answer" }, "The collector cannot be reached: it does not answer."],
  [
    "it is away and has not heard of a choice",
    { away: "it does not answer", sitting: withUnsent(1) },
    "The collector cannot be reached: it does not answer. Your choice is kept here and sent again by itself: leave this tab open.",
  ],
  [
    "nor of two",
    { away: "it does not answer", sitting: withUnsent(2) },
    "The collector cannot be reached: it does not answer. Your 2 choices are kept here and sent again by themselves: leave this tab open.",
  ],
  [
    "a choice came too late",
    { uncounted: "another labeler has the pair now" },
    "Your last choice did not count: another labeler has the pair now. There is nothing to do; just go on.",
  ],
])("the notice when %s", (_what, change, words) => {
  expect(noticeOf({ ...calm, ...change })).toBe(words);
});

test("a refusal says what to do", () => {
  expect(refusalOf({ kind: "NoAccess", message: "the token is expired" })).toBe(
    "You have no access: the token is expired. Ask for a new link; what you chose is kept here.",
  );
});
