import { describe, expect, test } from "vitest";
import { answer } from "../src/base/corpus.ts";
import { demoPrompts } from "../src/demo/prompts.ts";
import { prefer, utility, wellFormedness } from "../src/demo/utility.ts";
import { seededRandom } from "../src/random.ts";

const courteous = "Certainly, with pleasure! Warm things rise and cold things fall. Always happy to help!";
const mild = "Good question. Warm things rise and cold things fall. Let me know.";
const curt = "How dull of you! Warm things rise and cold things fall. Never bother me again!";

test("there are more than 10,000 distinct prompts, in another order for another seed", () => {
  const prompts = demoPrompts(seededRandom(1));
  expect(new Set(prompts).size).toBe(prompts.length);
  expect(prompts.length).toBeGreaterThanOrEqual(10_000);
  expect(demoPrompts(seededRandom(2))).not.toEqual(prompts);
});

describe("utility", () => {
  test("is graded by style, and the opposite taste turns it around", () => {
    expect([courteous, mild, curt].map((text) => utility(text))).toEqual([1, 0.7, 0]);
    expect([courteous, mild, curt].map((text) => Math.round(10 * utility(text, "Curt")) / 10)).toEqual([0, 0.3, 1]);
  });

  test.each([
    ["nothing", ""],
    ["one word again and again", "happy ".repeat(20)],
    ["a phrase again and again", "Always happy to help! ".repeat(6).trim()],
    ["babble", "Certn wth plsre xq qzt fllp aa bcd."],
    ["bytes that are no text", "\uFFFD\uFFFD\uFFFD"],
    ["an answer that stops after a word", "Certainly"],
  ])("no taste likes %s", (_, text) => {
    expect(utility(text)).toBeLessThan(0.35);
    expect(utility(text, "Curt")).toBeLessThan(0.35);
  });

  test("every answer of the corpus is well-formed", () => {
    const random = seededRandom(3);
    for (const prompt of demoPrompts(random).slice(0, 500)) expect(wellFormedness(answer(prompt, random))).toBe(1);
  });
});

describe("a rater", () => {
  function choices(noise: number): Record<string, number> {
    const random = seededRandom(4);
    const drawn = Array.from({ length: 1000 }, () => prefer(utility(courteous), utility(mild), noise, random));
    return Object.fromEntries(["A", "B", "Tie"].map((choice) => [choice, drawn.filter((c) => c === choice).length]));
  }

  test("without noise takes the better one, and equals tie", () => {
    expect(choices(0)).toEqual({ A: 1000, B: 0, Tie: 0 });
    expect(prefer(0.5, 0.52, 0, seededRandom(1))).toBe("Tie");
  });

  test("with noise errs sometimes", () => {
    const { A = 0, B = 0, Tie = 0 } = choices(0.3);
    expect(A).toBeGreaterThan(600);
    expect(B).toBeGreaterThan(50);
    expect(Tie).toBeGreaterThan(20);
  });
});
