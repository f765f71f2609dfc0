import { expect, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { addToBernstein, bernsteinInterval, noBernsteinSums } from "../../../src/gates/bernstein-interval.ts";
import { anytimeInterval } from "../../../src/gates/interval.ts";
import { noMoments, plugIn, withOutcome } from "../../../src/gates/moments.ts";

/** Looks at the interval after every outcome. */
function watch(draw: () => number, looks: number) {
  const intervals = [];
  let moments = noMoments;
  let sums = noBernsteinSums;
  for (let count = 1; count <= looks; count++) {
    const outcome = draw();
    sums = addToBernstein(sums, plugIn(moments), count, outcome);
    moments = withOutcome(moments, outcome);
    intervals.push(bernsteinInterval(sums));
  }
  return intervals;
}

test("without outcomes nothing is known", () => {
  expect(bernsteinInterval(noBernsteinSums)).toEqual({ low: 0, high: 1 });
});

test.each([0.5, 0.9])("a true mean of %d is inside at every look in at least 19 of 20 runs", (mean) => {
  const random = seededRandom(22);
  const runs = 300;
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const intervals = watch(() => (random() < mean ? 1 : 0), 500);
    if (intervals.every(({ low, high }) => low <= mean && mean <= high)) covered++;
  }
  expect(covered / runs).toBeGreaterThanOrEqual(0.95);
});

test("outcomes of little variance give an interval far narrower than the one that knows nothing of it", () => {
  const random = seededRandom(23);
  const last = watch(() => 0.5 + (random() - 0.5) / 10, 1000).at(-1) ?? { low: 0, high: 1 };
  const blind = anytimeInterval(1000, 500);
  expect(last.high - last.low).toBeLessThan((blind.high - blind.low) / 3);
});
