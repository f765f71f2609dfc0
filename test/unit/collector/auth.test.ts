import { expect, test } from "vitest";
import { createAuthenticate, mayTouch } from "../../../src/collector/auth.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { READER, startCollector } from "./running-collector.ts";

const HEAD = "/v1/namespaces/team/datasets/support/head";
const LEASE = "/v1/namespaces/team/datasets/support/pairs/lease";
const PAIRS = "/v1/namespaces/team/datasets/support/pairs";
const COMPARISONS = "/v1/namespaces/team/canaries/assistant/comparisons?candidate=b&stable=a";
const BODIES: Readonly<Record<string, object>> = {
  [LEASE]: { labeler: "ann", count: 1, seconds: 10 },
  [PAIRS]: {
    ...{ id: "p", canary: "assistant", prompt: "How?" },
    stable: { revision: "a", text: "So." },
    candidate: { revision: "b", text: "Thus." },
  },
};

test.each([
  ["a service account of the namespace reads", "GET", HEAD, "team/any", 200],
  ["a service account of the namespace writes", "POST", LEASE, "team/any", 200],
  ["a service account of another namespace reads", "GET", HEAD, "foe/any", 403],
  ["a service account of another namespace writes", "POST", LEASE, "foe/any", 403],
  ["a rater leases", "POST", LEASE, "rater:team/any", 200],
  ["a rater of another namespace leases", "POST", LEASE, "rater:foe/any", 403],
  ["a rater reads", "GET", HEAD, "rater:team/any", 403],
  ["a rater posts a pair", "POST", PAIRS, "rater:team/any", 403],
  ["who may do all but that posts a pair", "POST", PAIRS, "app:team/any", 403],
  ["a sampler posts a pair", "POST", PAIRS, "sampler:team/any", 200],
  ["a sampler of another namespace posts a pair", "POST", PAIRS, "sampler:foe/any", 403],
  ["a sampler reads comparisons", "GET", COMPARISONS, "sampler:team/any", 200],
  ["a sampler reads preferences", "GET", HEAD, "sampler:team/any", 403],
  ["a sampler leases", "POST", LEASE, "sampler:team/any", 403],
  ["a reader, by a rater's token, reads", "GET", HEAD, "rater:dpo-system/dpo-manager", 403],
  ["a reader reads", "GET", HEAD, "dpo-system/dpo-manager", 200],
  ["a reader writes", "POST", LEASE, "dpo-system/dpo-manager", 403],
  ["a token that nobody knows", "GET", HEAD, "bad", 401],
  ["no token", "GET", HEAD, "", 401],
] as const)("%s", async (_what, method, path, token, status) => {
  await using collector = await startCollector();
  const answer = await collector.call(method, path, BODIES[path], token);
  expect(answer.status).toBe(status);
  if (status === 403)
    expect(answer.body.error).toMatchObject({ reason: "Forbidden", message: expect.stringMatching(/team/) });
  if (status === 401) expect(answer.body.error).toMatchObject({ reason: "Unauthenticated" });
});

test.each([
  ["system:serviceaccount:team:x", "team", "POST", true],
  ["system:serviceaccount:team:x:y", "team", "POST", false],
  ["system:serviceaccount:team-2:x", "team", "GET", false],
  ["system:serviceaccount:tea:x", "team", "GET", false],
  ["team", "team", "GET", false],
  ["admin", "team", "GET", false],
  [READER, "team", "GET", true],
  [READER, "dpo-system", "POST", true],
])("%s in %s: %s is allowed: %s", (username, namespace, method, allowed) => {
  expect(mayTouch(username, { namespace, method }, [READER])).toBe(allowed);
});

function countingReview() {
  const calls: string[] = [];
  const state = { authenticated: true, failing: false };
  async function review(token: string, audiences: readonly string[]) {
    calls.push(token);
    if (state.failing) throw new Error("connection refused");
    return { authenticated: state.authenticated, username: "system:serviceaccount:team:x", audiences };
  }
  return { calls, state, review };
}

test("a verdict is believed for a minute, and a hundred requests with a new token are one review", async () => {
  const clock = createFakeClock();
  const { calls, state, review } = countingReview();
  const authenticate = createAuthenticate(review, clock);
  await Promise.all(Array.from({ length: 100 }, () => authenticate("Bearer t")));
  expect(calls).toEqual(["t"]);
  state.authenticated = false;
  await clock.advance(59_999);
  await authenticate("Bearer t");
  await clock.advance(1);
  await expect(authenticate("Bearer t")).rejects.toMatchObject({ status: 401 });
  expect(calls).toEqual(["t", "t"]);
});

test("a refused token is asked about again after five seconds", async () => {
  const clock = createFakeClock();
  const { calls, state, review } = countingReview();
  const authenticate = createAuthenticate(review, clock);
  state.authenticated = false;
  await expect(authenticate("Bearer t")).rejects.toMatchObject({ status: 401 });
  state.authenticated = true;
  await expect(authenticate("Bearer t")).rejects.toMatchObject({ status: 401 });
  await clock.advance(5_000);
  expect(await authenticate("Bearer t")).toMatchObject({ username: "system:serviceaccount:team:x" });
  expect(calls).toEqual(["t", "t"]);
});

test("an API server that does not answer is a 503, and nothing is remembered of it", async () => {
  const { calls, state, review } = countingReview();
  const authenticate = createAuthenticate(review, createFakeClock());
  state.failing = true;
  await expect(authenticate("Bearer t")).rejects.toMatchObject({ status: 503, reason: "AuthenticationUnavailable" });
  state.failing = false;
  await authenticate("Bearer t");
  expect(calls).toHaveLength(2);
});

test("no more than a thousand tokens are remembered: the oldest is asked about again", async () => {
  const { calls, review } = countingReview();
  const authenticate = createAuthenticate(review, createFakeClock());
  for (let index = 0; index < 1_001; index += 1) await authenticate(`Bearer t${index}`);
  await authenticate("Bearer t1");
  expect(calls).toHaveLength(1_001);
  await authenticate("Bearer t0");
  expect(calls).toHaveLength(1_002);
});
