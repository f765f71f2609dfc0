import { expect, test } from "vitest";
import {
  chosen,
  NEW_SITTING,
  received,
  reconsidered,
  resumed,
  type Sitting,
  settled,
  skipped,
  wanted,
} from "../../../../src/collector/rating-page/sitting.js";

const pairOf = (id: string) => ({ id, lease: `lease-${id}`, prompt: id, a: "a", b: "b", expiresAt: "" });
const holding = (...ids: string[]) => received(NEW_SITTING, ids.map(pairOf), 100, 0);
const inHand = ({ current, ahead }: Sitting) => [current, ...ahead].map((held) => held?.pair.id);

test("the first of the pairs is shown, the others wait in their order", () => {
  expect(inHand(holding("p", "q", "r"))).toEqual(["p", "q", "r"]);
  expect(inHand(received(holding("p"), [pairOf("q")], 100, 0))).toEqual(["p", "q"]);
});

test("one pair on the screen and three ahead are wanted", () => {
  expect(wanted(NEW_SITTING)).toBe(4);
  expect(wanted(holding("p"))).toBe(3);
  expect(wanted(holding("p", "q", "r", "s"))).toBe(0);
});

test("a choice is of the pair on the screen, named by its lease, and the next one is shown", () => {
  const sitting = chosen(holding("p", "q"), "Tie", "ann", 1);
  expect(sitting.unsent).toEqual([{ id: "lease-p", pair: "p", lease: "lease-p", labeler: "ann", choice: "Tie" }]);
  expect(inHand(sitting)).toEqual(["q"]);
});

test("a choice without a pair is none", () => {
  expect(chosen(NEW_SITTING, "A", "ann", 1)).toBe(NEW_SITTING);
});

test("a pair that is skipped has no choice", () => {
  const sitting = skipped(holding("p", "q"), 1);
  expect(sitting.unsent).toEqual([]);
  expect(inHand(sitting)).toEqual(["q"]);
});

test("the pair that was judged last can be judged again, as often as its rater likes, before the one on the screen", () => {
  expect(reconsidered(NEW_SITTING)).toBe(NEW_SITTING);
  const once = reconsidered(chosen(holding("p", "q", "r"), "A", "ann", 1));
  expect(inHand(once)).toEqual(["p", "q", "r"]);
  expect(wanted(once)).toBe(1);
  expect(reconsidered(once)).toBe(once);
  const twice = reconsidered(chosen(once, "B", "ann", 1));
  const { unsent, current } = chosen(twice, "Tie", "ann", 1);
  expect(unsent.map(({ id, pair, lease, choice }) => [id, pair, lease, choice])).toEqual([
    ["lease-p", "p", "lease-p", "A"],
    ["lease-p/2", "p", "lease-p", "B"],
    ["lease-p/3", "p", "lease-p", "Tie"],
  ]);
  expect(current?.pair.id).toBe("q");
});

test.each([
  ["chosen as before", (sitting: Sitting) => chosen(sitting, "A", "ann", 1)],
  ["skipped", (sitting: Sitting) => skipped(sitting, 1)],
])("a pair that is shown again and %s stays as it was, and can be shown once more", (_what, act) => {
  const again = act(reconsidered(chosen(holding("p", "q"), "A", "ann", 1)));
  expect(again.unsent).toHaveLength(1);
  expect(inHand(again)).toEqual(["q"]);
  expect(inHand(reconsidered(again))).toEqual(["p", "q"]);
});

test("a pair that is skipped is not the one that was judged last", () => {
  const sitting = skipped(chosen(holding("p", "q", "r"), "A", "ann", 1), 1);
  expect(inHand(reconsidered(sitting))).toEqual(["p", "r"]);
});

test("a pair whose lease ran out while it waited is not begun", () => {
  const sitting = received(holding("p", "old"), [pairOf("new")], 300, 50);
  expect(inHand(skipped(sitting, 100))).toEqual(["new"]);
  expect(inHand(skipped(sitting, 300))).toEqual([undefined]);
});

test("a pair that is being judged stays when its lease runs out, but not when the page is loaded again", () => {
  const sitting = received(holding("p"), [pairOf("new")], 300, 150);
  expect(inHand(sitting)).toEqual(["p", "new"]);
  expect(inHand(resumed(sitting, 150))).toEqual(["new"]);
  expect(resumed(sitting, 99)).toBe(sitting);
});

test("what is stored and what is refused is not sent again, what was chosen meanwhile is, and only stored ones count", () => {
  const two = chosen(chosen(holding("p", "q", "r"), "A", "ann", 1), "B", "ann", 1);
  const three = chosen(two, "Tie", "ann", 1);
  const result = { index: 0, id: "lease-p", result: "Accepted" as const, sequence: 1, at: "" };
  const rejected = { index: 1, id: "lease-q", reason: "LeaseLost", path: "choices[1].lease", message: "" };
  const after = settled(three, two.unsent, { results: [result], rejected: [rejected] });
  expect(after.unsent.map(({ pair }) => pair)).toEqual(["r"]);
  expect(after.judged).toBe(1);
  const corrected = chosen(reconsidered(three), "B", "ann", 1);
  const all = corrected.unsent.map(({ id }, index) => ({ ...result, index, id }));
  expect(settled(corrected, corrected.unsent, { results: all, rejected: [] }).judged).toBe(3);
});
