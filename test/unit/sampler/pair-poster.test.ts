import { expect, test } from "vitest";
import type { PostPairRequest, PostPairResponse } from "../../../src/api/contracts/collector-api.ts";
import { CollectorError } from "../../../src/evidence/collector-error.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { createPairPoster } from "../../../src/sampler/pair-poster.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

const PAIR: PostPairRequest = {
  id: "a",
  canary: "assistant",
  prompt: "Hi",
  stable: { revision: "aaaaaaaaaa", text: "Hello" },
  candidate: { revision: "bbbbbbbbbb", text: "Hi there" },
};
const MINUTE = 60_000;

/** A poster whose collector gives these answers in turn, the last one again and again. */
function posterTo(...answers: (PostPairResponse | CollectorError)[]) {
  const clock = createFakeClock();
  const posts: { pair: PostPairRequest; namespace: string; dataset: string; at: number }[] = [];
  const client = {
    async postPair({
      signal: _,
      ...post
    }: {
      pair: PostPairRequest;
      namespace: string;
      dataset: string;
      signal?: AbortSignal;
    }) {
      posts.push({ ...post, at: clock.monotonic() });
      const answer = answers[Math.min(posts.length, answers.length) - 1];
      if (answer === undefined || answer instanceof CollectorError) throw answer;
      return answer;
    },
    async close() {},
  };
  const logger = silentLogger();
  const poster = createPairPoster({ namespace: "team", dataset: "live" }, { client, clock, random: () => 0.5, logger });
  return { clock, posts, poster };
}

const failing = (status: number, reason = "Unexpected") => new CollectorError(reason, status, "no");

test.each<[string, CollectorError]>([
  ["is not there", failing(0, "Unreachable")],
  ["has trouble of its own", failing(503)],
  ["is too busy", failing(429)],
  ["does not know the token yet", failing(401, "Unauthenticated")],
  ["knows the token and not its rights yet", failing(403, "Forbidden")],
  ["says what nobody understands", failing(200, "AnswerNotUnderstood")],
])("a collector that %s gets the same pair again", async (_how, failure) => {
  const { clock, posts, poster } = posterTo(failure, { queued: true });
  const posted = poster.post(PAIR, new AbortController().signal);
  await clock.advance(MINUTE);
  expect(await posted).toBe("Queued");
  expect(posts).toEqual([0, 200].map((at) => ({ namespace: "team", dataset: "live", pair: PAIR, at })));
});

test.each([400, 404, 409, 413, 422])("a pair that is refused with %d is posted once", async (status) => {
  const { clock, posts, poster } = posterTo(failing(status));
  const posted = poster.post(PAIR, new AbortController().signal);
  await clock.advance(10 * MINUTE);
  expect(await posted).toBe("Refused");
  expect(posts).toHaveLength(1);
});

test("what the collector made of a pair is told", async () => {
  const answer = { queued: false, reason: "Identical" } as const;
  expect(await posterTo(answer).poster.post(PAIR, new AbortController().signal)).toBe("Identical");
});

test("a collector that stays away is asked ever more seldom, and given up after minutes", async () => {
  const { clock, posts, poster } = posterTo(failing(0, "Unreachable"));
  const posted = poster.post(PAIR, new AbortController().signal);
  await clock.advance(10 * MINUTE);
  expect(await posted).toBe("GaveUp");
  const pauses = posts.slice(1).map(({ at }, index) => (at - (posts[index]?.at ?? 0)) / 1000);
  expect(pauses).toEqual([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30]);
});

test("an abort ends the wait for the next attempt", async () => {
  const { clock, posts, poster } = posterTo(failing(503));
  const stopping = new AbortController();
  const posted = poster.post(PAIR, stopping.signal);
  await clock.advance(100);
  stopping.abort(new Error("closing"));
  void clock.advance(MINUTE);
  await expect(posted).rejects.toThrow("closing");
  expect(posts).toHaveLength(1);
});
