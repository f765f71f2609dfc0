import { expect, test } from "vitest";
import { messagesOf, positionOf } from "../../../src/judge/prompt.ts";

test.each([
  ["1", "First"],
  ["2\n", "Second"],
  ["**1**", "First"],
  ["[[2]]", "Second"],
  ["Answer: 1.", "First"],
  ["The second one says 1 too often.\n\n2", "Second"],
])("%j says which answer", (words, position) => {
  expect(positionOf(words)).toBe(position);
});

test.each(["", "3", "12", "Both", "1 or 2", "The first one", "1\nI am not sure", "Answer 1 is as good as answer 2"])(
  "%j says neither",
  (words) => {
    expect(positionOf(words)).toBeUndefined();
  },
);

test("the judge is told what to go by, how to say it, what was asked, and both answers in their order", () => {
  const messages = messagesOf("Go by brevity.", { prompt: "Why?", first: "So.", second: "Because of it." });
  const [system, user] = messages;
  expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
  expect(system?.content).toMatch(/^Go by brevity\.\n\n[\s\S]*The last line of what you say must be that digit/);
  expect(user?.content).toMatch(
    /asked -----\nWhy\?\n[\s\S]*first answer -----\nSo\.\n[\s\S]*second answer -----\nBecause of it\./,
  );
});
