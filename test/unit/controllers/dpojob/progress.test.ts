import { expect, test } from "vitest";
import { progressStatus } from "../../../../src/controllers/dpojob/progress.ts";

const lastUpdatedTime = "2026-01-03T00:00:00Z";
const metrics = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => ({ name, value }));

test("the metrics of the reference trainer become progress", () => {
  const pushed = {
    step: "84",
    total_steps: "120",
    loss: "0.412345",
    "rewards/accuracies": "0.78",
    tokens_per_second: "5120.7",
  };
  const body = {
    trainerStatus: { progressPercentage: 70, estimatedRemainingSeconds: 75, metrics: metrics(pushed), lastUpdatedTime },
  };
  expect(progressStatus(body)).toEqual({
    step: 84,
    of: 120,
    loss: "0.4123",
    rewardAccuracy: "78%",
    tokensPerSecond: 5121,
    eta: "1m15s",
    updatedAt: lastUpdatedTime,
  });
});

test("a trainer that only knows a percentage is followed by it", () => {
  expect(progressStatus({ trainerStatus: { progressPercentage: 40, lastUpdatedTime } })).toEqual({
    step: 40,
    of: 100,
    updatedAt: lastUpdatedTime,
  });
});

test("a loss that is no number is left out, and the rest is kept", () => {
  const body = { trainerStatus: { metrics: metrics({ step: "1", total_steps: "2", loss: "NaN" }), lastUpdatedTime } };
  expect(progressStatus(body)).toEqual({ step: 1, of: 2, updatedAt: lastUpdatedTime });
});
