import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openModelServer } from "../../../src/judge/model-server.ts";
import type { ServerFailure } from "../../../src/judge/server-failure.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { type Says, serveJudge } from "./scene.ts";

const MESSAGES = [{ role: "user", content: "Which?" }] as const;

async function open(says: Says, { timeoutMs = 5_000, query = "" } = {}) {
  const { url, asked } = await serveJudge(says);
  const failures: ServerFailure[] = [];
  const server = openModelServer({ url: `${url}${query}`, model: "llama" }, undefined, {
    clock: systemClock,
    random: () => 0.5,
    onFailure: (failure) => failures.push(failure),
    timeoutMs,
  });
  onTestFinished(server.close);
  const stopping = new AbortController();
  const complete = (patienceMs: number) =>
    server.complete(MESSAGES, systemClock.monotonic() + patienceMs, stopping.signal);
  return { complete, failures, asked, stopping };
}

test("a server that hangs has given no answer when its time is over, and is asked again", async () => {
  let hangs = true;
  const { complete, failures } = await open(
    async () => {
      if (!hangs) return "1";
      hangs = false;
      await sleep(60_000, undefined, { ref: false });
      return "2";
    },
    { timeoutMs: 200 },
  );
  expect(await complete(10_000)).toBe("1");
  expect(failures.map(({ reason }) => reason)).toEqual(["TimedOut"]);
});

test("a server that says when to come back is left alone until then", async () => {
  let busy = true;
  const { complete } = await open((_reading, reply) => {
    if (!busy) return "1";
    busy = false;
    return reply.code(429).header("retry-after", "1").send("slow down");
  });
  const start = performance.now();
  expect(await complete(10_000)).toBe("1");
  expect(performance.now() - start).toBeGreaterThanOrEqual(1_000);
});

test("one that would have to be waited for longer than there is time is given up at once", async () => {
  const { complete, asked } = await open((_reading, reply) =>
    reply
      .code(429)
      .header("retry-after", new Date(Date.now() + 3_600_000).toUTCString())
      .send("tomorrow"),
  );
  await expect(complete(10_000)).rejects.toMatchObject({ reason: "RateLimited", message: "answered 429: tomorrow" });
  expect(asked).toHaveLength(1);
});

test("one that stays away is asked ever more seldom, for as long as there is time", async () => {
  const { complete, asked } = await open((_reading, reply) => reply.code(500).send("no"));
  await expect(complete(1_000)).rejects.toMatchObject({ reason: "Unavailable" });
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.length).toBeLessThan(5);
});

test("what the server refuses for good is asked once", async () => {
  const { complete, asked } = await open((_reading, reply) => reply.code(404).send("no such model"));
  await expect(complete(10_000)).rejects.toMatchObject({ reason: "Refused", message: "answered 404: no such model" });
  expect(asked).toHaveLength(1);
});

test("an abort ends the wait, and says nothing about the server", async () => {
  const { complete, stopping } = await open((_reading, reply) => reply.code(503).send("no"));
  const asked = complete(60_000);
  setTimeout(() => stopping.abort(new Error("closing")), 100);
  await expect(asked).rejects.toThrow("closing");
});
