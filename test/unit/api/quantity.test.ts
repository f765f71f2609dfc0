import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../src/api/v1alpha1/quantity.ts";

test.each([
  [0, "0s"],
  [12_900, "12s"],
  [5_400_000, "1h30m"],
  [763_200_000, "212h"],
  [3_601_000, "1h1s"],
])("%d ms is %s, and is read again as that", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(Math.floor(ms / 1000) * 1000);
});
