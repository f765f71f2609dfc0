import { expect, test } from "vitest";
import { inBothOrders } from "../../../src/judge/both-orders.ts";
import type { Reading } from "../../../src/judge/prompt.ts";
import { seededRandom } from "../collector/seeded-random.ts";

const pair = { prompt: "Why?", a: "good", b: "bad" };

test.each([
  ["the first answer is better", { ...pair }, "A"],
  ["the second answer is better", { ...pair, a: "bad", b: "good" }, "B"],
])("a judge that goes by the text says so in both orders: %s", async (_, answers, choice) => {
  const seen: Reading[] = [];
  const prefer = async (reading: Reading) => {
    seen.push(reading);
    return reading.first === "good" ? "First" : "Second";
  };
  expect(await inBothOrders(answers, prefer)).toBe(choice);
  const { prompt, a, b } = answers;
  expect(seen).toEqual([
    { prompt, first: a, second: b },
    { prompt, first: b, second: a },
  ]);
});

test.each(["First", "Second"] as const)("a judge that always says %s has said nothing: a tie", async (position) => {
  expect(await inBothOrders(pair, async () => position)).toBe("Tie");
});

test.each([0, 1])("a judge without a view in order %d is not counted at all", async (order) => {
  let asked = 0;
  expect(await inBothOrders(pair, async () => (asked++ === order ? undefined : "First"))).toBeUndefined();
});

/** How good each answer is, as its text; what stands first seems better by `lean`. */
function leaning(lean: number) {
  return async ({ first, second }: Reading) => (Number(first) + lean > Number(second) ? "First" : "Second");
}

test("what a judge leans to a place by is in no mean: two models that are equally good stay at one half", async () => {
  const random = seededRandom(11);
  const score = { A: 1, Tie: 0.5, B: 0 };
  let inBoth = 0;
  let inOne = 0;
  const runs = 4_000;
  for (let run = 0; run < runs; run++) {
    const answers = { prompt: "", a: String(random()), b: String(random()) };
    inBoth += score[(await inBothOrders(answers, leaning(0.3))) ?? "Tie"];
    inOne += (await leaning(0.3)({ prompt: "", first: answers.a, second: answers.b })) === "First" ? 1 : 0;
  }
  expect(inBoth / runs).toBeCloseTo(0.5, 1.5);
  // The lean is real: whoever stands first in the one order that is asked wins three of four.
  expect(inOne / runs).toBeGreaterThan(0.7);
});

test("and a better model wins by as much from either place", async () => {
  const random = seededRandom(12);
  const wins = { a: 0, b: 0 };
  for (let run = 0; run < 2_000; run++) {
    const [better, worse] = [String(random() + 0.2), String(random())];
    if ((await inBothOrders({ prompt: "", a: better, b: worse }, leaning(0.3))) === "A") wins.a++;
    if ((await inBothOrders({ prompt: "", a: worse, b: better }, leaning(0.3))) === "B") wins.b++;
  }
  expect(wins.a).toBe(wins.b);
  expect(wins.a).toBeGreaterThan(600);
});
