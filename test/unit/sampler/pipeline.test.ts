import { setImmediate } from "node:timers/promises";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/runtime/clock.ts";
import type { Arm } from "../../../src/sampler/arm.ts";
import { createSamplerMetrics } from "../../../src/sampler/metrics.ts";
import { createPipeline } from "../../../src/sampler/pipeline.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

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
  const pipeline = createPipeline({
    canary: "assistant",
    arms: { stable, candidate: undefined },
    redact: (pair) => pair,
    poster: {
      async post() {
        await released;
        posted++;
        return "Queued";
      },
      async close() {},
    },
    metrics: createSamplerMetrics(new Registry()),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
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
