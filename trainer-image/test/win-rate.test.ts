import { expect, test } from "vitest";
import { winRate } from "../src/train/win-rate.ts";

test.each([
  // Wilson's interval as Newcombe (1998), table I, gives it.
  { won: 81, of: 263, interval: [0.2553, 0.3662] },
  { won: 15, of: 148, interval: [0.0624, 0.1605] },
  { won: 0, of: 20, interval: [0, 0.1611] },
])("$won of $of", ({ won, of, interval }) => {
  const found = winRate(Array.from({ length: of }, (_, i) => (i < won ? 1 : -1)));
  expect(found?.value).toBeCloseTo(won / of, 12);
  expect(found?.interval.map((end) => Math.round(1e4 * end) / 1e4)).toEqual(interval);
});

test("a tie counts half, and nothing held out gives no rate", () => {
  expect(winRate([2, 0])?.value).toBe(0.75);
  expect(winRate([])).toBeNull();
});
