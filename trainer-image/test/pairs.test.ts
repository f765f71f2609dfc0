import { expect, test } from "vitest";
import { decode, END, encodeAnswer, encodePrompt } from "../src/model/tokenizer.ts";
import { encodePairs, truncate } from "../src/train/pairs.ts";

function text(prompt: string, answers: [string, string], maxLength: number) {
  const cut = truncate(encodePrompt(prompt), [encodeAnswer(answers[0]), encodeAnswer(answers[1])], maxLength);
  return {
    prompt: decode(cut.prompt),
    answers: cut.answers.map((tokens) => decode(tokens) + (tokens.includes(END) ? "." : "")),
    truncated: cut.truncated,
  };
}

test("what fits is left alone", () => {
  expect(text("abc", ["de", "fgh"], 9)).toEqual({ prompt: "abc", answers: ["de.", "fgh."], truncated: false });
});

test("a long prompt gives way first and keeps its end", () => {
  expect(text("0123456789", ["de", "fgh"], 10)).toEqual({ prompt: "56789", answers: ["de.", "fgh."], truncated: true });
});

test("a prompt never gives up more than half of the room; then answers lose their ends, and their end token", () => {
  const expected = { prompt: "6789", answers: ["de.", "ABCDE"], truncated: true };
  expect(text("0123456789", ["de", "ABCDEFGHIJ"], 10)).toEqual(expected);
});

test("pairs that truncation makes identical are counted and left out", () => {
  const preferences = [
    { prompt: "p", chosen: "same beginning, one end", rejected: "same beginning, other end" },
    { prompt: "p", chosen: "yes", rejected: "no" },
  ];
  const { pairs, identical, truncated } = encodePairs(preferences, 12);
  expect({ pairs: pairs.length, identical, truncated }).toEqual({ pairs: 1, identical: 1, truncated: 1 });
});

test("an answer that is the beginning of the other is not identical to it: it ends", () => {
  expect(encodePairs([{ prompt: "p", chosen: "yes", rejected: "yes, sir" }], 64).identical).toBe(0);
});
