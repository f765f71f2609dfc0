import { describe, expect, test } from "vitest";
import type { Event } from "../../../src/kube/built-in.ts";
import type { Client, Patch } from "../../../src/kube/client.ts";
import { ApiError, ConnectionError } from "../../../src/kube/errors.ts";
import { createEventRecorder, type EventNote } from "../../../src/kube/events.ts";
import type { ObjectKey } from "../../../src/kube/object.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { object } from "./objects.ts";

const event: EventNote = { type: "Warning", reason: "GateFailed", action: "Rollback", note: "Too many losses." };

function rig(answer: (attempt: number) => void = () => {}) {
  const sent: string[] = [];
  const notes: (string | undefined)[] = [];
  async function take(what: string): Promise<void> {
    sent.push(what);
    answer(sent.length);
  }
  const client = {
    create: (_: unknown, { note }: Event) => {
      notes.push(note);
      return take("create");
    },
    patch: (_: unknown, __: ObjectKey, { body }: Patch) =>
      take(`count ${(body as { series: { count: number } }).series.count}`),
  } as unknown as Client;
  const clock = createFakeClock();
  const logger = silentLogger();
  const metrics = createMetrics();
  const recorder = createEventRecorder({ client, controller: "c", instance: "i", clock, logger, metrics });
  return { clock, sent, notes, metrics, recorder };
}

describe("the event recorder", () => {
  test("counts what repeats, and sends the count at most every ten seconds", async () => {
    const { clock, sent, recorder } = rig();
    for (let i = 0; i < 100; i += 1) {
      recorder.record(object("a"), event);
      await clock.advance(100);
    }
    await clock.advance(20_000);
    expect(sent).toEqual(["create", "count 100"]);
  });

  test("tells objects and notes apart", async () => {
    const { clock, sent, recorder } = rig();
    recorder.record(object("a"), event);
    recorder.record(object("b"), event);
    recorder.record(object("a"), { ...event, note: "Another." });
    await clock.advance(20_000);
    expect(sent).toEqual(["create", "create", "create"]);
  });

  test.each([
    { failure: "the server is away", error: new ConnectionError("refused", "ECONNREFUSED"), tries: 12 },
    { failure: "events are forbidden", error: new ApiError("no", { status: 403, reason: "Forbidden" }), tries: 1 },
    { failure: "the namespace is gone", error: new ApiError("no", { status: 404, reason: "NotFound" }), tries: 1 },
  ])("throws nothing when $failure, and gives up after $tries tries", async ({ error, tries }) => {
    const { clock, sent, recorder } = rig(() => {
      throw error;
    });
    recorder.record(object("a"), event);
    await clock.advance(3_600_000);
    expect(sent).toHaveLength(tries);
  });

  test("takes an event that is there already for sent: the answer of an earlier try was lost", async () => {
    const { clock, sent, recorder } = rig((attempt) => {
      if (attempt === 1) throw new ConnectionError("reset", "UND_ERR_SOCKET");
      if (attempt === 2) throw new ApiError("there", { status: 409, reason: "AlreadyExists" });
    });
    recorder.record(object("a"), event);
    await clock.advance(60_000);
    expect(sent).toEqual(["create", "create"]);
  });

  test("an object that says too much is cut short, and heard again later; others are not affected", async () => {
    const { clock, sent, recorder } = rig();
    const chatter = (i: number) => recorder.record(object("a"), { ...event, note: `Loss ${i}.` });
    for (let i = 0; i < 40; i += 1) chatter(i);
    recorder.record(object("b"), event);
    await clock.advance(1000);
    expect(sent).toHaveLength(26);
    await clock.advance(300_000);
    chatter(100);
    chatter(101);
    await clock.advance(1000);
    expect(sent).toHaveLength(27);
  });

  test("a thousand events that cannot be sent are the most that it keeps", async () => {
    const { clock, sent, metrics, recorder } = rig(() => {
      throw new ConnectionError("refused", "ECONNREFUSED");
    });
    for (let i = 0; i < 1200; i += 1) recorder.record(object(`o${i}`), event);
    await clock.advance(0);
    expect(sent.length).toBeLessThanOrEqual(1000);
    expect(await metrics.registry.metrics()).toContain('event_recorder_events_total{outcome="dropped"} 200');
  });

  test("cuts a long note, which the server would refuse", async () => {
    const { clock, notes, recorder } = rig();
    recorder.record(object("a"), { ...event, note: "é".repeat(2000) });
    await clock.advance(0);
    expect(notes[0]).toMatch(/^é+$/);
    expect(Buffer.byteLength(notes[0] ?? "")).toBeLessThanOrEqual(1024);
  });
});
