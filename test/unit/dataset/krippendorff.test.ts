import { describe, expect, test } from "vitest";
import { agreementInterval } from "../../../src/dataset/bootstrap-interval.ts";
import { krippendorffAlpha, type RatedUnits } from "../../../src/dataset/krippendorff.ts";
import { poisson } from "../../../src/dataset/poisson.ts";
import { seededRandom } from "../../../src/dataset/seeded-random.ts";

/** Units from one line of ratings an observer, "*" for none, as the literature prints them. */
function units(...observers: string[]): RatedUnits[] {
  const ratings = observers.map((line) => line.split(" "));
  const width = ratings[0]?.length ?? 0;
  return Array.from({ length: width }, (_, unit) => {
    const values = ratings.map((line) => line[unit]);
    return {
      counts: ["0", "1", "2", "3", "4", "5"].map((value) => values.filter((v) => v === value).length),
      units: 1,
    };
  });
}

describe("Krippendorff's alpha, nominal", () => {
  test.each([
    [
      "Krippendorff 2011 C, 4 observers of 12 units",
      0.743421,
      units("1 2 3 3 2 1 4 1 2 * * *", "1 2 3 3 2 2 4 1 2 5 * 3", "* 3 3 3 2 3 4 2 2 5 1 *", "1 2 3 3 2 4 4 1 2 5 1 *"),
    ],
    ["Krippendorff 2011 A, binary", 0.095238, units("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")],
    [
      "Wikipedia, 3 observers of 15 units",
      0.691358,
      units("* * * * * 3 4 1 2 1 1 3 3 * 3", "1 * 2 1 3 3 4 3 * * * * * * *", "* * 2 1 3 4 4 * 2 1 1 3 3 * 4"),
    ],
    [
      "Fleiss, 14 observers of 10 units",
      0.215574,
      [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
      ].map((counts) => ({ counts, units: 1 })),
    ],
  ])("of %s is %d", (_, alpha, rated) => {
    expect(krippendorffAlpha(rated)).toBeCloseTo(alpha, 6);
  });

  test("counts units of one shape together", () => {
    const apart = [...units("0 1 1", "0 1 0"), ...units("0 1 1", "0 1 0")];
    const together = units("0 1 1", "0 1 0").map((rated) => ({ ...rated, units: 2 }));
    expect(krippendorffAlpha(together)).toBe(krippendorffAlpha(apart));
  });

  test.each([
    ["no unit with two ratings", units("0 1 *", "* * 1")],
    ["all ratings the same", units("1 1 1", "1 1 1")],
    ["nothing", []],
  ])("is undefined, neither 0 nor 1, for %s", (_, rated) => {
    expect(krippendorffAlpha(rated)).toBeNull();
  });
});

describe("the bootstrap interval", () => {
  const rated = [
    { counts: [2, 0], units: 300 },
    { counts: [0, 2], units: 320 },
    { counts: [1, 1], units: 180 },
  ];

  test("is the same for the same seed and holds alpha", () => {
    const interval = agreementInterval(rated, seededRandom(7));
    expect(agreementInterval(rated, seededRandom(7))).toEqual(interval);
    const alpha = krippendorffAlpha(rated) ?? Number.NaN;
    expect(interval?.[0]).toBeLessThan(alpha);
    expect(interval?.[1]).toBeGreaterThan(alpha);
  });

  test("is as wide as the binomial of that many units", () => {
    // With two ratings a unit and even marginals alpha is 1 - 2 x disagreeing share, so its error is twice the share's.
    const [low = 0, high = 0] = agreementInterval(rated, seededRandom(7)) ?? [];
    const share = 180 / 800;
    const width = 2 * 2 * 1.96 * Math.sqrt((share * (1 - share)) / 800);
    expect((high - low) / width).toBeGreaterThan(0.9);
    expect((high - low) / width).toBeLessThan(1.1);
  });

  test.each([0.3, 5, 49, 51, 4000])("draws Poisson numbers with mean and variance %d", (mean) => {
    const random = seededRandom(1);
    const draws = Array.from({ length: 20_000 }, () => poisson(mean, random));
    const average = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw - average) ** 2, 0) / draws.length;
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / draws.length));
    expect(variance / mean).toBeCloseTo(1, 1);
  });
});
