import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encodeAnswer, encodeConversation, encodePrompt, VOCABULARY } from "../src/model/tokenizer.ts";

test("any text comes back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const tokens = [...encodePrompt(text), ...encodeAnswer("")];
      expect(decode(tokens)).toBe(text);
      expect(tokens.every((token) => token < VOCABULARY)).toBe(true);
    }),
    { examples: [["\uFEFFa byte order mark"], ["\u0000\u{10FFFF}"]] },
  );
});

test("bytes that are no text become replacement characters", () => {
  expect(decode([0x68, 0xff, 0x69])).toBe("h\uFFFDi");
});

test("a conversation of one user turn is a prompt", () => {
  expect(encodeConversation([{ role: "user", content: "hi" }])).toEqual(encodePrompt("hi"));
});
