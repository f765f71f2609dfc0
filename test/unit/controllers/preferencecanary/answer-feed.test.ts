import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AnswerFeed,
  createAnswerFeed,
} from "../../../../src/controllers/preferencecanary/evidence/answer-feed.ts";
import type { Answer } from "../../../../src/controllers/preferencecanary/evidence/evidence.ts";
import type { Question } from "../../../../src/controllers/preferencecanary/evidence/questions.ts";
import type { Instant } from "../../../../src/evidence/prometheus.ts";
import type { WebhookReply } from "../../../../src/evidence/webhook.ts";
import { createFakeClock, type FakeClock } from "../../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../../src/telemetry/logger.ts";

const canary = { namespace: "chat", name: "assistant" };
const since = new Date("2026-01-01T00:00:00Z");
const MINUTE = 60_000;

let clock: FakeClock;
let queries: string[];
let told: string[];
let woken: number;
/** What the feed has told of as it was said. */
let heard: unknown[];
/** What Prometheus knows, by query and the minute that it is asked about. */
let valueAt: (query: string, minute: number) => Instant | Error;
let reply: () => WebhookReply | Error;
let feed: AnswerFeed;

function anotherProcess(): void {
  feed?.stop();
  feed = createAnswerFeed({
    clock,
    logger: silentLogger(),
    wake: () => {
      woken += 1;
    },
    heard: (of, { gate }, answers) => {
      heard.push(...answers.map(({ sequence, said }) => [of.name, gate, sequence, said]));
    },
    prometheus: {
      async query(server, query, at) {
        const minute = (at.getTime() - since.getTime()) / MINUTE;
        queries.push(`${server} ${query} ${minute}`);
        const answer = valueAt(query, minute);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    webhooks: {
      async ask(endpoint, about) {
        told.push(`${endpoint} ${JSON.stringify(about)}`);
        const answer = reply();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
  });
}

beforeEach(() => {
  clock = createFakeClock(since);
  queries = [];
  told = [];
  woken = 0;
  heard = [];
  valueAt = (_, minute) => ({ value: minute });
  reply = () => ({ verdict: "Pass", message: "" });
  anotherProcess();
});
afterEach(() => feed.stop());

const latency: Question = {
  gate: "metrics/latency",
  revision: "bbbbbbbbbb",
  cursor: null,
  since,
  intervalMs: MINUTE,
  type: "Metric",
  server: "default",
  candidate: "p99",
};

function board(step: string): Question {
  const arm = { revision: "aaaaaaaaaa", digest: null };
  const about = { namespace: "chat", canary: "assistant", candidate: arm, stable: arm, step, weight: 1 };
  return {
    gate: "webhook",
    revision: "bbbbbbbbbb",
    cursor: null,
    since,
    intervalMs: MINUTE,
    type: "Webhook",
    endpoint: "board",
    about,
  };
}

function stream(question: Question) {
  const { [question.gate]: found } = feed.read(canary, [question]);
  if (found === undefined) throw new Error("nothing is read");
  return found;
}

const goneOn = (question: Question, { sequence, id }: Answer): Question => ({ ...question, cursor: { sequence, id } });
const values = (records: readonly Answer[]) =>
  records.map(({ sequence, said }) => [sequence, said?.type === "Metric" ? said.value : undefined]);

describe("samples of a metric", () => {
  it("are taken from the beginning on, at moments that are fixed, and wake the canary", async () => {
    expect(stream(latency).access.type).toBe("Unread");
    await clock.advance(2.5 * MINUTE);
    const { records, access, from } = stream(latency);
    expect(values(records)).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    expect(records.map(({ at }) => at)).toEqual(
      [0, 1, 2].map((i) => new Date(since.getTime() + i * MINUTE).toISOString()),
    );
    expect([access.type, from, woken]).toEqual(["Readable", null, 3]);
    expect(heard).toEqual(
      [0, 1, 2].map((value) => ["assistant", "metrics/latency", value + 1, { type: "Metric", value }]),
    );
  });

  it("are neither lost nor doubled by a restart, however many were folded and however long it took", async () => {
    stream(latency);
    await clock.advance(2.5 * MINUTE);
    const [, second] = stream(latency).records;
    const question = goneOn(latency, second as Answer);
    anotherProcess();
    clock.pause(120 * MINUTE);
    stream(question);
    await clock.advance(0);
    const { records, access } = stream(question);
    expect(values(records)).toEqual(Array.from({ length: 121 }, (_, i) => [3 + i, 2 + i]));
    expect(access.type).toBe("Readable");
  });

  it("that were folded are read no more, and not asked for again", async () => {
    stream(latency);
    await clock.advance(2.5 * MINUTE);
    const [, second] = stream(latency).records;
    const question = goneOn(latency, second as Answer);
    expect(stream(question)).toMatchObject({ from: question.cursor, access: { type: "Readable" } });
    expect(values(stream(question).records)).toEqual([[3, 2]]);
    await clock.advance(0);
    expect(queries).toHaveLength(3);
  });

  it("are taken anew from the beginning when status has folded none, as with a bound that was changed", async () => {
    stream(latency);
    await clock.advance(2.5 * MINUTE);
    const [, second] = stream(latency).records;
    stream(goneOn(latency, second as Answer));
    expect(stream(latency)).toMatchObject({ from: null, records: [], access: { type: "Unread" } });
    await clock.advance(0);
    expect(values(stream(latency).records)).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it("are not decided on while some that were missed are still to be asked for", async () => {
    clock.pause(120 * MINUTE);
    stream(latency);
    let now = stream(latency);
    while (now.records.length === 0) {
      await Promise.resolve();
      now = stream(latency);
    }
    expect([now.records.length, now.access.type]).toEqual([50, "Unread"]);
    await clock.advance(0);
    expect(values(stream(latency).records)).toHaveLength(121);
    expect(stream(latency).access.type).toBe("Readable");
  });

  it("without a value are told as none, and a process that has just begun hears of it", async () => {
    valueAt = (_, minute) => (minute < 1 ? { value: 7 } : { empty: "the query has no value" });
    stream(latency);
    await clock.advance(1.5 * MINUTE);
    const { records, access } = stream(latency);
    expect(values(records)).toEqual([
      [1, 7],
      [2, undefined],
    ]);
    expect(access).toEqual({ type: "Empty", problem: "the query has no value" });
    const question = goneOn(latency, records[1] as Answer);
    anotherProcess();
    stream(question);
    await clock.advance(0);
    expect(stream(question)).toMatchObject({ records: [], access: { type: "Empty" } });
    queries = [];
    await clock.advance(0.4 * MINUTE);
    expect(queries).toEqual([]);
  });

  it("that could not be had are asked for again, about the same moment", async () => {
    stream(latency);
    await clock.advance(0);
    valueAt = () => new Error("Prometheus default: down");
    await clock.advance(3 * MINUTE);
    expect(stream(latency).access).toEqual({ type: "Unreadable", problem: "Prometheus default: down" });
    valueAt = (_, minute) => ({ value: minute });
    await clock.advance(0.2 * MINUTE);
    expect(values(stream(latency).records)).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(stream(latency).access.type).toBe("Readable");
  });

  it("against stable are two values of one moment, and none where stable has none or less than none", async () => {
    const question: Question = { ...latency, candidate: "c", stable: "s" };
    valueAt = (query, minute) => {
      if (query === "c") return { value: 5 };
      return [{ value: 4 }, { empty: "the query's value is NaN" }, { value: -1 }][minute] ?? { value: 0 };
    };
    stream(question);
    await clock.advance(0);
    expect(stream(question).records[0]?.said).toEqual({ type: "Metric", value: 5, stable: 4 });
    await clock.advance(MINUTE);
    expect(stream(question).access).toEqual({ type: "Empty", problem: "for stable the query's value is NaN" });
    await clock.advance(MINUTE);
    expect(stream(question).access).toEqual({ type: "Empty", problem: "for stable the query's value is -1, under 0" });
    expect(values(stream(question).records)).toEqual([
      [1, 5],
      [2, undefined],
      [3, undefined],
    ]);
  });

  it("go on from the last one where the interval is changed", async () => {
    const cursor = { sequence: 60, id: new Date(since.getTime() + 59 * MINUTE).toISOString() };
    await clock.advance(59 * MINUTE);
    stream({ ...latency, cursor, intervalMs: 5 * MINUTE });
    await clock.advance(6 * MINUTE);
    expect(queries.at(-1)).toBe("default p99 64");
  });

  it("of another query are taken anew, and of one that nobody reads no more", async () => {
    stream(latency);
    await clock.advance(0);
    const other: Question = { ...latency, candidate: "p50" };
    stream(other);
    await clock.advance(MINUTE);
    expect(queries).toEqual(["default p99 0", "default p50 0", "default p50 1"]);
    feed.forget(canary);
    await clock.advance(5 * MINUTE);
    expect(queries).toHaveLength(3);
    expect(clock.pending()).toBe(0);
  });
});

describe("answers of a webhook", () => {
  it("are asked for at once, then from time to time, with the step of then", async () => {
    stream(board("first"));
    await clock.advance(0);
    stream(board("half"));
    await clock.advance(MINUTE);
    expect(told.map((text) => /"step":"(\w+)"/.exec(text)?.[1])).toEqual(["first", "half"]);
    expect(stream(board("half")).records).toMatchObject([
      { sequence: 1, said: { type: "Webhook", verdict: "Pass" } },
      { sequence: 2, at: new Date(since.getTime() + MINUTE).toISOString() },
    ]);
  });

  it("are missing while nobody answers, and nothing is caught up on", async () => {
    reply = () => new Error("webhook board: it answered HTTP 500");
    stream(board("half"));
    await clock.advance(10 * MINUTE);
    expect(stream(board("half"))).toMatchObject({ records: [], access: { type: "Unreadable" } });
    reply = () => ({ verdict: "Undecided", message: "counting" });
    await clock.advance(10_000);
    expect(stream(board("half"))).toMatchObject({ records: [{ sequence: 1 }], access: { type: "Readable" } });
  });

  it("go on after a restart, which asks at once", async () => {
    stream(board("half"));
    await clock.advance(0);
    const question = goneOn(board("half"), stream(board("half")).records[0] as Answer);
    anotherProcess();
    stream(question);
    await clock.advance(1000);
    expect(stream(question).records).toMatchObject([{ sequence: 2 }]);
    expect(told).toHaveLength(2);
  });
});
