import { expect, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { type MismatchCell, ramp, simulateMismatch } from "../../../bench/gates/simulate-mismatch.ts";
import { assessMismatch, mismatchPromise } from "../../../src/gates/assess-mismatch.ts";
import { lnBeta } from "../../../src/gates/ln-gamma.ts";
import { emptyMismatch, foldMismatch, type MismatchState, mismatchTest } from "../../../src/gates/mismatch.ts";

const split = mismatchTest({ minSamples: 100, falseAlarm: 0.05 });

/** "90:s@10 10:c@10": so many arrivals of an arm at the candidate's share in percent. */
function fold(text: string, from: MismatchState = emptyMismatch): MismatchState {
  return text.split(" ").reduce((start, word) => {
    const [, count, arm, share] = /^(\d+):([cs])@(\d+)$/.exec(word) ?? [];
    let state = start;
    for (let i = 0; i < Number(count); i++) {
      const arrival = {
        sequence: state.samples + 1,
        arm: arm === "c" ? "Candidate" : "Stable",
        share: Number(share) / 100,
      } as const;
      state = foldMismatch(split, state, arrival);
    }
    return state;
  }, from);
}

function simulate(seed: number, cell: Partial<MismatchCell>) {
  const full = { share: () => 0.1, factor: 1, maxArrivals: 2000, runs: 600, ...cell };
  return simulateMismatch(split, seededRandom(seed), full);
}

test.each([
  ["1%", () => 0.01],
  ["50%", () => 0.5],
  ["1%, 10%, 50%", ramp(2000)],
])(
  "arms that get their weights of %s are called mismatched in at most 5% of runs, looked at after every arrival",
  (_name, share) => {
    expect(simulate(71, { share }).found).toBeLessThanOrEqual(0.05);
  },
);

test.each([
  { name: "half as much again of 10%", cell: { factor: 1.5 }, within: 600 },
  { name: "nothing of 10%", cell: { factor: 0 }, within: 110 },
  { name: "nine tenths of 50%", cell: { share: () => 0.5, factor: 0.9 }, within: 1100 },
])("a candidate that gets $name is found within $within arrivals on average", ({ cell, within }) => {
  const { found, meanArrivals } = simulate(72, { ...cell, runs: 200, maxArrivals: 20_000 });
  expect(found).toBe(1);
  expect(meanArrivals).toBeLessThan(within);
});

test("the evidence is the Bayes factor of a Beta mixture around the share against the share", () => {
  const { log } = fold("30:s@10 12:c@10 8:s@10");
  const mixture = lnBeta(10 + 12, 90 + 38) - lnBeta(10, 90);
  expect(log).toBeCloseTo(mixture - 12 * Math.log(0.1) - 38 * Math.log(0.9), 10);
});

test("at another share the mixture begins anew and multiplies what there is", () => {
  const first = fold("5:c@10 20:s@10");
  const alone = fold("9:c@50 3:s@50");
  const both = fold("9:c@50 3:s@50", first);
  expect(both.log).toBeCloseTo(first.log + alone.log, 10);
  expect(both).toMatchObject({ samples: 37, sum: 14, current: { share: 0.5, samples: 12, sum: 9 } });
  expect(both.expected).toBeCloseTo(8.5, 10);
});

test("a mismatch says where, stays, and needs no fresh counts", () => {
  const found = fold("200:c@50");
  const { mismatchedAt } = found;
  expect(mismatchedAt?.samples).toBeLessThan(40);
  expect(fold("5000:s@50", found).mismatchedAt).toEqual(mismatchedAt);
  expect(assessMismatch(split, found, "requests", "no answer")).toMatchObject({
    verdict: "Mismatch",
    message: expect.stringMatching(
      /^the candidate got (\d+) of \1 requests, the weights say \d+(\.5)?: evidence of a mismatch reached 20 at the collector's number \1, so the evidence of this run is not trusted$/,
    ),
  });
});

test.each([
  [
    "nothing",
    emptyMismatch,
    undefined,
    "Undecided",
    /^no requests yet; 100 more are needed to pass; a mismatch needs 20 of evidence, has 1$/,
  ],
  [
    "too few",
    fold("9:c@10 90:s@10"),
    undefined,
    "Undecided",
    /^the candidate got 9 of 99 requests, the weights say 9\.9; 1 more are needed/,
  ],
  [
    "enough",
    fold("45:s@10 5:c@10 45:s@10 5:c@10"),
    undefined,
    "Pass",
    /^the candidate got 10 of 100 requests, the weights say 10; a mismatch needs 20 of evidence, has 0\.\d+$/,
  ],
  [
    "enough, unreadable",
    fold("45:s@10 5:c@10 45:s@10 5:c@10"),
    "no answer",
    "NoData",
    /^the requests cannot be read \(no answer\)/,
  ],
] as const)("with %s counted it is %o", (_case, state, problem, verdict, message) => {
  const statement = assessMismatch(split, state, "requests", problem);
  expect(statement.verdict).toBe(verdict);
  expect(statement.message).toMatch(message);
});

test("the state survives being stored", () => {
  const stored: MismatchState = JSON.parse(JSON.stringify(fold("7:c@10 30:s@10")));
  expect(fold("30:s@10 4:c@50", stored)).toEqual(fold("7:c@10 30:s@10 30:s@10 4:c@50"));
});

test("the promise says what is promised", () => {
  expect(mismatchPromise(split.spec)).toBe(
    "Arms that get what their weights say are called mismatched with at most 5% probability.",
  );
});

test.each([0, 1, Number.NaN])("a share of %d is refused, with the arrival's number", (share) => {
  expect(() => foldMismatch(split, emptyMismatch, { sequence: 812, arm: "Stable", share })).toThrow("arrival 812");
});

test("an error rate that is none is refused", () => {
  expect(() => mismatchTest({ minSamples: 1, falseAlarm: 0 })).toThrow("mismatch needs falseAlarm between 0 and 1");
});
