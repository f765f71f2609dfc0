import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { lines } from "../../../src/evidence/ndjson.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { CANARY, DATASET, pairOf } from "./judging.ts";
import { READER, startCollector, type TestCollector } from "./running-collector.ts";

const TOKEN = READER.replace("system:serviceaccount:", "").replace(":", "/");

const newsOf = (stream: string, canary = "assistant") => ({ namespace: "team", canary, stream });

/** A comparison without a labeler: the candidate failed to answer. */
function decide(collector: TestCollector, id: string, canary = "assistant") {
  const failed = { canary, candidate: { revision: "ca4d1da7e0", error: "HTTP 500" } };
  return collector.call("POST", `${DATASET}/pairs`, pairOf(id, failed));
}

/** The lines of the stream as they come. */
async function listen(collector: TestCollector, token = TOKEN) {
  const hangUp = new AbortController();
  onTestFinished(() => hangUp.abort());
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${collector.url}/v1/news`, { headers, signal: hangUp.signal });
  const stream = lines(response.body as AsyncIterable<Uint8Array>);
  return {
    status: response.status,
    hangUp,
    async next() {
      const { value, done } = await stream.next();
      return done ? undefined : JSON.parse(value).canaries;
    },
  };
}

test("news of a canary come within milliseconds of the commit, to everyone who listens", async () => {
  await using collector = await startCollector();
  const [one, other] = [await listen(collector), await listen(collector)];
  expect([await one.next(), await other.next()]).toEqual([[], []]);
  await decide(collector, "p");
  const acknowledged = performance.now();
  const comparison = newsOf("comparisons");
  expect([await one.next(), await other.next()]).toEqual([[comparison], [comparison]]);
  expect(performance.now() - acknowledged).toBeLessThan(100);
});

test("ratings, checks and comparisons are news, a pair that waits for a labeler is none", async () => {
  await using collector = await startCollector();
  const { next } = await listen(collector);
  await next();
  await collector.call("POST", `${DATASET}/pairs`, pairOf("waits for a labeler"));
  await collector.call("POST", `${CANARY}/ratings`, { ratings: [{ id: "1", revision: "s", rater: "u", value: 1 }] });
  expect(await next()).toEqual([newsOf("ratings")]);
  const check = { id: "1", answer: "waits for a labeler", violation: false, checker: "rules" };
  await collector.call("POST", `${CANARY}/checks`, { checks: [check] });
  expect(await next()).toEqual([newsOf("checks")]);
  await decide(collector, "q", "other");
  expect(await next()).toEqual([newsOf("comparisons", "other")]);
});

test("a silent stream says every few seconds that it is alive", async () => {
  const clock = createFakeClock();
  await using collector = await startCollector({ dependencies: { clock } });
  const { next } = await listen(collector);
  await next();
  let isAlive = false;
  const sign = next().then((canaries) => {
    isAlive = true;
    return canaries;
  });
  await clock.advance(4_999);
  await sleep(50);
  expect(isAlive).toBe(false);
  await clock.advance(1);
  expect(await sign).toEqual([]);
});

test("closing ends the stream instead of waiting for it", async () => {
  const collector = await startCollector();
  const { next } = await listen(collector);
  await next();
  const start = performance.now();
  await collector[Symbol.asyncDispose]();
  expect(await next()).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(2_000);
});

test.each([
  ["bad", 401],
  ["team/rater", 403],
])("%s gets no news", async (token, status) => {
  await using collector = await startCollector();
  expect((await listen(collector, token)).status).toBe(status);
});
