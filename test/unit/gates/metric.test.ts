import { describe, expect, it, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { simulateMetric } from "../../../bench/gates/simulate-metric.ts";
import { assessMetric, metricPromise } from "../../../src/gates/assess-metric.ts";
import { emptyMetric, foldMetric, isBreach, type MetricSpec, metricTest } from "../../../src/gates/metric.ts";

const spec: MetricSpec = { max: 0.8, against: "Bound", maxBreaches: 0.1, minSamples: 10, falseRollback: 0.05 };

function judge(values: readonly number[], changes: Partial<MetricSpec> = {}) {
  const asked = metricTest({ ...spec, ...changes });
  const state = values.reduce((before, value, i) => foldMetric(asked, before, { sequence: i + 1, value }), emptyMetric);
  return { state, said: assessMetric(asked, state) };
}

const good = (count: number) => Array<number>(count).fill(0.5);
const bad = (count: number) => Array<number>(count).fill(0.9);

test.each([0.02, 0.1, 0.3])(
  "a metric that breaks its bound in the accepted %d of its samples fails in at most 5% of runs, looked at after each",
  (maxBreaches) => {
    const asked = metricTest({ ...spec, max: 0.5, maxBreaches });
    const run = { breaches: maxBreaches, maxSamples: 2000, runs: 4000 };
    const { failed } = simulateMetric(asked, seededRandom(41), run);
    expect(failed).toBeLessThanOrEqual(0.05);
    expect(failed).toBeGreaterThan(0.005);
  },
);

test("the rate is the one that was asked for", () => {
  const asked = metricTest({ ...spec, max: 0.5, falseRollback: 0.01 });
  const { failed } = simulateMetric(asked, seededRandom(42), { breaches: 0.1, maxSamples: 2000, runs: 4000 });
  expect(failed).toBeLessThanOrEqual(0.01);
});

test("one with breaches in half of its samples is always found, after a few", () => {
  const asked = metricTest({ ...spec, max: 0.5 });
  const { failed, meanSamples } = simulateMetric(asked, seededRandom(43), {
    breaches: 0.5,
    maxSamples: 1000,
    runs: 1000,
  });
  expect(failed).toBe(1);
  expect(meanSamples).toBeLessThan(11);
});

describe("a metric", () => {
  it("passes after its minimum of samples without evidence of a breach, and not before", () => {
    expect(judge(good(9)).said).toMatchObject({
      verdict: "Undecided",
      message: expect.stringContaining("1 more sample"),
    });
    expect(judge(good(10)).said).toMatchObject({ verdict: "Pass", samples: 10, sum: 0, estimate: 0 });
    expect(judge([]).said.message).toBe(
      "no sample yet; the bound is at most 0.8; up to 10% may break it; 10 more samples needed to pass; rollback needs 20 of evidence, has 1, pass allows 1",
    );
  });

  it("is not latched: breaches take the Pass back until enough samples speak against it", () => {
    expect(judge([...good(10), ...bad(1)]).said.verdict).toBe("Pass");
    expect(judge([...good(10), ...bad(3)]).said.verdict).toBe("Undecided");
    expect(judge([...good(10), ...bad(3), ...good(30)]).said.verdict).toBe("Pass");
  });

  it("forgives two samples and no three of three", () => {
    expect(judge(bad(2)).said.verdict).toBe("Undecided");
    const { said, state } = judge([...bad(3), ...good(100)]);
    expect(said.verdict).toBe("Fail");
    expect(said.message).toBe(
      "3 of 3 samples break the bound, at most 0.8 (interval 24-100%): evidence of more than 10% reached 20 at sample 3; the newest is 0.5",
    );
    expect(state.failedAt).toEqual({ sequence: 3, samples: 3, sum: 3 });
  });

  it("without samples has no data, whatever it had before, but for a Fail", () => {
    const { state } = judge(good(20));
    const asked = metricTest(spec);
    expect(assessMetric(asked, state, "down")).toMatchObject({
      verdict: "NoData",
      message: expect.stringMatching(/^the samples cannot be read \(down\).*last known: 0 of 20 samples/),
    });
    expect(assessMetric(asked, judge(bad(3)).state, "down").verdict).toBe("Fail");
  });
});

describe("a breach", () => {
  it.each([
    [{ max: 1 }, 1, false],
    [{ max: 1 }, 1.01, true],
    [{ min: 1 }, 1, false],
    [{ min: 1 }, 0.99, true],
    [{ min: 1, max: 2 }, 2.5, true],
  ])("of %j at %d: %s", (bounds, value, expected) => {
    expect(isBreach({ ...bounds, ...rest, against: "Bound" }, { value })).toBe(expected);
  });

  it.each([
    [1.2, 0, 0, false],
    [1.2, 0.01, 0, true],
    [1.2, 0.12, 0.1, false],
    [1.2, 0.13, 0.1, true],
  ])("of max %d times stable's, at %d and stable's %d: %s", (max, value, stable, expected) => {
    expect(isBreach({ max, ...rest, against: "Stable" }, { value, stable })).toBe(expected);
  });
});

const rest = { maxBreaches: 0.1, minSamples: 10, falseRollback: 0.05 };

test.each([
  [{ maxBreaches: 0 }, "maxBreaches between 0 and 1"],
  [{ maxBreaches: 1 }, "maxBreaches between 0 and 1"],
  [{ falseRollback: 0 }, "falseRollback between 0 and 1"],
])("%j cannot be tested and is refused", (changes, words) => {
  expect(() => metricTest({ ...spec, ...changes })).toThrow(words);
});

test("the promise is a sentence", () => {
  expect(metricPromise(spec)).toBe(
    "A model whose samples are at most 0.8, but for 10% of them or fewer, is rolled back with at most 5% probability; Pass says that 10 or more samples gave no evidence of more breaches.",
  );
});
