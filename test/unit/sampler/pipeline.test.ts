import { setImmediate } from "node:timers/promises";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/runtime/clock.ts";
import type { Arm } from "../../../src/sampler/arm.ts";
import { createSamplerMetrics } from "../../../src/sampler/metrics.ts";
import { createPipeline } from "../../../src/sampler/pipeline.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

type Options = Parameters<typeof createPipeline>[0];

function pipelineOf(arms: Options["arms"], post: Options["poster"]["post"]) {
  return createPipeline({
    canary: "assistant",
    arms,
    isLeastSure: () => true,
    redact: (pair) => pair,
    poster: { post, async close() {} },
    metrics: createSamplerMetrics(new Registry()),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
  });
}

test("a collector that does not answer fills the line of pairs, and then the arms are not asked any more", async () => {
  let asked = 0;
  let posted = 0;
  const stable: Arm = {
    async ask() {
      return { answer: { revision: "aaaaaaaaaa", text: `answer ${asked++}` }, result: "Text" };
    },
    async close() {},
  };
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const pipeline = pipelineOf({ stable, candidate: undefined }, async () => {
    await released;
    posted++;
    return "Queued";
  });
  const request = { path: "/v1/completions", body: {}, size: 2, prompt: "Hi" };
  // 1000 pairs in line and 4 under way, two answers each.
  for (let pair = 1; pair <= 1004; pair++) {
    expect(pipeline.take(request)).toBe("Taken");
    await setImmediate();
  }
  expect(pipeline.take(request)).toBe("CollectorBehind");
  expect(asked).toBe(2008);

  release();
  await pipeline.close();
  expect(posted).toBe(1004);
});

test("while it closes nobody is asked any more, and an arm that is gone by then is not charged with that", async () => {
  let asked = 0;
  const posted: string[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const arm = (revision: string, isGone: (prompt: string) => boolean): Arm => ({
    async ask({ prompt }) {
      asked++;
      await released;
      return isGone(prompt)
        ? { answer: { revision, error: "refused" }, result: "Unreachable" }
        : { answer: { revision, text: "an answer" }, result: "Text" };
    },
    async close() {},
  });
  const pipeline = pipelineOf(
    { stable: arm("aaaaaaaaaa", () => false), candidate: arm("bbbbbbbbbb", (prompt) => prompt === "late") },
    async ({ prompt }) => {
      posted.push(prompt);
      return "Queued";
    },
  );
  for (const prompt of ["early", "early", "early", "late", "in line", "in line"])
    expect(pipeline.take({ path: "/v1/completions", body: {}, size: 2, prompt })).toBe("Taken");
  const closed = pipeline.close();
  release();
  await closed;
  expect(asked).toBe(8);
  expect(posted).toEqual(["early", "early", "early"]);
});
