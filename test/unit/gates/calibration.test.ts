import { expect, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { simulateCalibration } from "../../../bench/gates/simulate-calibration.ts";
import { assessCalibration, calibrationPromise } from "../../../src/gates/assess-calibration.ts";
import {
  type CalibrationState,
  calibrationError,
  calibrationTest,
  emptyCalibration,
  foldCalibration,
} from "../../../src/gates/calibration.ts";

const calibration = calibrationTest({ maxError: 0.1 });

/** The margin at which the model prefers the first answer with this probability. */
const marginOf = (probability: number) => Math.log(probability / (1 - probability));

/** So many choices at one confidence, of which a share agrees with the model. */
function fold(confidence: number, agree: number, disagree: number, from: CalibrationState = emptyCalibration) {
  let state = from;
  for (let i = 0; i < agree + disagree; i++) {
    const outcome = Math.floor(((i + 1) * agree) / (agree + disagree)) - Math.floor((i * agree) / (agree + disagree));
    state = foldCalibration(calibration, state, { sequence: i + 1, margin: marginOf(confidence), outcome });
  }
  return state;
}

function error(state: CalibrationState) {
  const { samples, sum } = calibrationError(state);
  return sum / samples;
}

test("the error is the mean over the bins of how far agreement is from confidence", () => {
  // 80 of 100 agree at 90% confidence, 60 of 100 at 55%: 10 and 5 points off.
  expect(error(fold(0.55, 60, 40, fold(0.9, 80, 20)))).toBeCloseTo(0.075, 10);
  expect(error(fold(0.75, 75, 25))).toBeCloseTo(0, 10);
});

test("errors of opposite sign in two bins do not cancel, in one bin they do", () => {
  expect(error(fold(0.65, 55, 45, fold(0.85, 95, 5)))).toBeCloseTo(0.1, 10);
  expect(error(fold(0.85, 75, 25, fold(0.85, 95, 5)))).toBeCloseTo(0, 10);
});

test.each([0, 0.5, 1])("which answer comes first does not matter, nor for an outcome of %d", (outcome) => {
  const one = foldCalibration(calibration, emptyCalibration, { sequence: 1, margin: 1.3, outcome });
  const other = foldCalibration(calibration, emptyCalibration, { sequence: 1, margin: -1.3, outcome: 1 - outcome });
  expect(one.bins.map(({ samples }) => samples)).toEqual(other.bins.map(({ samples }) => samples));
  expect(calibrationError(one).sum).toBeCloseTo(calibrationError(other).sum, 12);
});

test.each([
  [0, 0],
  [marginOf(0.599), 0],
  [marginOf(0.601), 1],
  [marginOf(0.899), 3],
  [Number.POSITIVE_INFINITY, 4],
])("a margin of %d falls into bin %d", (margin, bin) => {
  const { bins } = foldCalibration(calibration, emptyCalibration, { sequence: 1, margin, outcome: 1 });
  expect(bins.findIndex(({ samples }) => samples === 1)).toBe(bin);
});

test.each([
  { slope: 1, passed: 1, failed: 0, choices: 650 },
  { slope: 0.3, passed: 0, failed: 1, choices: 420 },
])(
  "raters with log-odds of $slope times the margin: passed in $passed, failed in $failed of runs after about $choices choices",
  (cell) => {
    const figures = simulateCalibration(calibration, seededRandom(81), {
      slope: cell.slope,
      maxChoices: 5000,
      runs: 60,
    });
    expect(figures).toMatchObject({ passed: cell.passed, failed: cell.failed });
    expect(Math.abs(figures.meanChoices / cell.choices - 1)).toBeLessThan(0.15);
  },
);

test.each([0.55, 0.5])(
  "the true error is inside the interval at every look in at least 19 of 20 runs, raters at %d times the margin",
  (slope) => {
    const undecided = calibrationTest({ maxError: 0.1 });
    const { missed } = simulateCalibration(undecided, seededRandom(82), { slope, maxChoices: 2000, runs: 80 });
    expect(missed).toBeLessThanOrEqual(0.05);
  },
);

test("the interval closes as the square root of the choices does", () => {
  const width = (choices: number) => {
    const { low, high } = calibrationError(fold(0.75, choices / 4, (3 * choices) / 4)).interval;
    return (high - low) / 2;
  };
  expect(width(1000)).toBeCloseTo(0.062, 3);
  expect(width(10_000)).toBeCloseTo(0.0202, 3);
});

test.each([
  ["nothing", emptyCalibration, "Undecided", /^no comparison with the model's margin yet, limit 10%$/],
  [
    "little",
    fold(0.75, 30, 20),
    "Undecided",
    /^the model's margins miss the raters by 15% on average over 50 comparisons \(interval 0-\d+%\), limit 10%; it is too sure$/,
  ],
  [
    "enough of a good one",
    fold(0.75, 770, 230),
    "Pass",
    /^the model's margins miss .* over (\d+) comparisons, shown to be within the limit 10% at the collector's number \1; by now .* by 2% on average over 1000/,
  ],
  [
    "enough of a bad one",
    fold(0.95, 300, 300),
    "Fail",
    /^the model's margins miss .* over (\d+) comparisons, shown to be over the limit 10% at the collector's number \1$/,
  ],
] as const)("with %s it is %o", (_case, state, verdict, message) => {
  const statement = assessCalibration(calibration, state);
  expect(statement.verdict).toBe(verdict);
  expect(statement.message).toMatch(message);
});

test("a model that is right more often than it says is not sure enough", () => {
  expect(assessCalibration(calibration, fold(0.6, 40, 10)).message).toMatch(/it is not sure enough$/);
});

test("crossings are latched, a Fail outranks a Pass, and only a Fail stands while comparisons cannot be read", () => {
  const passed = fold(0.75, 750, 250);
  expect(assessCalibration(calibration, passed, "no answer")).toMatchObject({
    verdict: "NoData",
    message: expect.stringMatching(/^the comparisons cannot be read \(no answer\)/),
  });
  const turned = fold(0.75, 0, 2000, passed);
  expect(turned.passedAt).toEqual(passed.passedAt);
  expect(assessCalibration(calibration, turned, "no answer").verdict).toBe("Fail");
});

test("the state is small and survives being stored", () => {
  const state = fold(0.55, 60, 41, fold(0.9, 80, 20));
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(JSON.stringify(state).length).toBeLessThan(400);
});

test("the promise says both errors", () => {
  expect(calibrationPromise(calibration.spec)).toBe(
    "A model whose margins miss the raters by more than 10% on average passes with at most 5% probability, " +
      "and one that misses them by less fails with at most as much.",
  );
});

test.each([0, 0.5])("a limit of %d cannot be tested and is refused", (maxError) => {
  expect(() => calibrationTest({ maxError })).toThrow("over 0% and under 50%");
});

test.each([
  { margin: Number.NaN, outcome: 1 },
  { margin: 1, outcome: 1.5 },
])("a choice that says nothing is refused, with its number: %o", (choice) => {
  expect(() => foldCalibration(calibration, emptyCalibration, { sequence: 812, ...choice })).toThrow("comparison 812");
});
