import { expect, test } from "vitest";
import { highestShare } from "../../../src/sampler/least-sure.ts";
import { seededRandom } from "../collector/seeded-random.ts";

/** How many of so many scores are taken, drawn one after the other. */
function taken(scores: number, share: number, draw: (random: () => number, index: number) => number): number {
  const random = seededRandom(7);
  const isTaken = highestShare(share, random);
  return Array.from({ length: scores }, (_, index) => isTaken(draw(random, index))).filter(Boolean).length;
}

test.each([
  ["of any scale", (random: () => number) => 1_000 * random() ** 3],
  ["that are mostly the same", (random: () => number) => Math.floor(random() * 2)],
  ["that are all the same", () => 0.5],
])("the share is kept with scores %s", (_, draw) => {
  expect(taken(20_000, 0.1, draw) / 20_000).toBeCloseTo(0.1, 2);
});

test("the share is kept from the first score on", () => {
  const random = seededRandom(11);
  const firsts = Array.from({ length: 4_000 }, () => highestShare(0.25, random)(random()));
  expect(firsts.filter(Boolean).length / 4_000).toBeCloseTo(0.25, 1);
});

test("the highest are taken, and no others once there is something to compare with", () => {
  const random = seededRandom(3);
  const isTaken = highestShare(0.1, random);
  for (let i = 0; i < 500; i++) isTaken(random());
  expect([0.95, 0.99].map(isTaken)).toEqual([true, true]);
  expect([0.5, 0.8].map(isTaken)).toEqual([false, false]);
});

test("what is high follows the scores of late", () => {
  const count = taken(2_000, 0.1, (random, index) => (index < 1_000 ? 0 : 10) + random());
  expect(count).toBeGreaterThan(200);
  const isTaken = highestShare(0.1, seededRandom(5));
  for (let i = 0; i < 500; i++) isTaken(0);
  for (let i = 0; i < 500; i++) isTaken(10 + i / 1_000);
  expect(isTaken(10)).toBe(false);
});

test("everything is taken of a share of all, and nothing of none", () => {
  expect(taken(100, 1, (random) => random())).toBe(100);
  expect(taken(100, 0, (random) => random())).toBe(0);
});
