import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionError } from "../../../src/kube/errors.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { createReflector, type Reflector } from "../../../src/kube/reflector.ts";
import { defineResource } from "../../../src/kube/resource.ts";
import type { StoreEvent } from "../../../src/kube/store.ts";
import { createFakeClock, type FakeClock } from "../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { createFakeApiServer, type FakeApiServer, serverError } from "./fake-api-server.ts";
import { object } from "./objects.ts";

const metrics = createMetrics();
const configMaps = defineResource({ group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" });
const reset = () => new ConnectionError("reset", "UND_ERR_SOCKET");

interface Rig {
  readonly server: FakeApiServer;
  readonly clock: FakeClock;
  readonly reflector: Reflector<Stored>;
  readonly events: StoreEvent<Stored>[];
}

function rig(resource = configMaps, isOptional = false): Rig {
  const [server, clock] = [createFakeApiServer(), createFakeClock()];
  const { transport } = server;
  const logger = silentLogger();
  const reflector = createReflector({ transport, resource, isOptional, clock, random: () => 0.5, logger, metrics });
  const events: StoreEvent<Stored>[] = [];
  reflector.subscribe((event) => events.push(event as StoreEvent<Stored>));
  return { server, clock, reflector: reflector as Reflector<Stored>, events };
}

async function started(resource = configMaps): Promise<Rig> {
  const all = rig(resource);
  all.reflector.start();
  await settle(all.clock);
  return all;
}

/** Streams take several turns of the event loop. */
async function settle(clock: FakeClock): Promise<void> {
  for (let i = 0; i < 5; i += 1) await clock.advance(0);
}

async function pass(clock: FakeClock, milliseconds: number): Promise<void> {
  await clock.advance(milliseconds);
  await settle(clock);
}

function names(events: readonly StoreEvent<Stored>[]): string[] {
  return events.map(({ type, object: { metadata } }) => `${type} ${metadata.name}`);
}

describe("a reflector", () => {
  test("has synced only after the handlers heard of the first list, and tells late handlers what there is", async () => {
    const { server, clock, reflector } = rig();
    server.put("a");
    const heard: boolean[] = [];
    reflector.subscribe(() => heard.push(reflector.hasSynced()));
    reflector.start();
    await settle(clock);
    expect([heard, reflector.hasSynced()]).toEqual([[false], true]);
    const late: StoreEvent<Stored>[] = [];
    reflector.subscribe((event) => late.push(event));
    expect(names(late)).toEqual(["Added a"]);
  });

  test("keeps no managedFields, and their first level where somebody asks who wrote an object", async () => {
    const managedFields = [{ manager: "argocd", fieldsV1: { "f:spec": { "f:rules": { "f:matches": {} } } } }];
    const heldAs = async (resource: typeof configMaps) => {
      const { server, clock, reflector } = rig(resource);
      server.put("a", { managedFields });
      reflector.start();
      await settle(clock);
      return reflector.store.list()[0]?.metadata;
    };
    expect(await heldAs(configMaps)).not.toHaveProperty("managedFields");
    const asked = await heldAs({ ...configMaps, keepsManagedFields: true });
    expect(asked?.managedFields).toEqual([{ manager: "argocd", fieldsV1: { "f:spec": {} } }]);
  });

  test("watches on from the last version, bookmark or event, without a list when the server ends the stream", async () => {
    const { server, clock } = await started();
    server.put("a");
    await pass(clock, 5000);
    server.cut();
    await pass(clock, 0);
    server.bookmark();
    await pass(clock, 5000);
    server.cut();
    await settle(clock);
    expect(server.requests).toEqual(["LIST", "WATCH 10", "WATCH 11", "WATCH 12"]);
  });

  test.each([
    { failure: "429", error: serverError(429), requests: ["WATCH 11"] },
    { failure: "500", error: serverError(500), requests: ["WATCH 11"] },
    { failure: "refused", error: new ConnectionError("refused", "ECONNREFUSED"), requests: ["WATCH 11"] },
    { failure: "410", error: serverError(410), requests: ["LIST", "WATCH 11"] },
  ])("after $failure waits, then asks $requests", async ({ error, requests }) => {
    const { server, clock } = await started();
    server.put("a");
    await pass(clock, 2000);
    server.failNext(error);
    server.cut(reset());
    await pass(clock, 1200);
    const before = server.requests.length;
    await pass(clock, 2399);
    expect(server.requests.length).toBe(before);
    await pass(clock, 1);
    expect(server.requests.slice(before)).toEqual(requests);
  });

  test("does without an optional kind that the API server does not know, until it does", async () => {
    const { server, clock, reflector, events } = rig(configMaps, true);
    server.put("a");
    server.failNext(serverError(404), serverError(404));
    reflector.start();
    await settle(clock);
    expect([reflector.hasSynced(), reflector.isServed(), reflector.store.list()]).toEqual([true, false, []]);
    await pass(clock, 10_000);
    expect([reflector.isServed(), names(events)]).toEqual([true, ["Added a"]]);
    server.failNext(serverError(404), ...Array.from({ length: 3 }, () => serverError(404)));
    server.cut();
    await pass(clock, 3_000);
    expect([reflector.isServed(), names(events)]).toEqual([false, ["Added a", "Deleted a"]]);
  });

  test("does without an optional kind that it may not list, and keeps what it knows when it may not any more", async () => {
    const { server, clock, reflector } = rig(configMaps, true);
    server.put("a");
    server.failNext(serverError(403), serverError(403));
    reflector.start();
    await settle(clock);
    expect([reflector.hasSynced(), reflector.isServed()]).toEqual([true, false]);
    await pass(clock, 10_000);
    expect([reflector.isServed(), reflector.store.list()]).toMatchObject([true, [{}]]);
    server.failNext(...Array.from({ length: 3 }, () => serverError(403)));
    server.cut();
    await pass(clock, 2_000);
    expect([reflector.isServed(), reflector.isCurrent(), reflector.store.list()]).toMatchObject([true, false, [{}]]);
    await pass(clock, 60_000);
    server.bookmark();
    await settle(clock);
    expect(reflector.isCurrent()).toBe(true);
  });

  test("waits for a kind that is not optional", async () => {
    const { server, clock, reflector } = rig();
    server.failNext(serverError(404));
    reflector.start();
    await settle(clock);
    expect(reflector.hasSynced()).toBe(false);
    await pass(clock, 3_000);
    expect(reflector.hasSynced()).toBe(true);
  });

  test("backs off from 0.8 s to 30 s while the server is away", async () => {
    const { server, clock } = await started();
    server.failNext(...Array.from({ length: 50 }, () => serverError(500)));
    server.cut(reset());
    await pass(clock, 10 * 60_000);
    // 1.2 s, 2.4 s … 38.4 s, then one every 45 s, since random() is one half here.
    expect(server.requests.length).toBeGreaterThan(14);
    expect(server.requests.length).toBeLessThan(22);
  });

  test("a stream that ends at once without an event is a failure, not a reason to ask again at once", async () => {
    const { server, clock } = await started();
    for (let i = 0; i < 20; i += 1) {
      server.cut();
      await pass(clock, 100);
    }
    expect(server.requests.length).toBeLessThan(5);
  });

  test("takes 95 s without a byte for a dead connection, and lists to know what was missed", async () => {
    const { server, clock, events } = await started();
    await pass(clock, 60_000);
    server.bookmark();
    await pass(clock, 60_000);
    expect(server.requests).toEqual(["LIST", "WATCH 10"]);
    await pass(clock, 40_000);
    expect(server.requests).toEqual(["LIST", "WATCH 10", "LIST", "WATCH 11"]);
    expect([server.openWatches(), events]).toEqual([1, []]);
  });

  test("hears of a deletion that it missed, final state unknown", async () => {
    const { server, clock, events } = await started();
    server.put("a");
    await pass(clock, 2000);
    server.cut(reset());
    server.remove("a");
    server.compact();
    await pass(clock, 60_000);
    expect(names(events)).toEqual(["Added a", "Deleted a"]);
    expect(events.at(-1)).toMatchObject({ finalStateUnknown: true });
  });

  test("an older version out of a lagging server changes nothing", async () => {
    const { server, clock, reflector, events } = await started();
    const stored = server.put("a");
    server.say(JSON.stringify({ type: "MODIFIED", object: object("a", { uid: stored.metadata.uid, version: 3 }) }));
    await settle(clock);
    expect(names(events)).toEqual(["Added a"]);
    expect(reflector.store.list()[0]?.metadata.resourceVersion).toBe("11");
  });

  test("a line that is no JSON breaks the stream off, and nothing is lost", async () => {
    const { server, clock, reflector } = await started();
    server.say('{"type":"MODIFIED","obj');
    await settle(clock);
    server.put("a");
    await pass(clock, 3000);
    expect(reflector.store.list()).toHaveLength(1);
  });

  test("a handler that throws hides nothing from the others", async () => {
    const { server, clock, reflector, events } = rig();
    reflector.subscribe(() => {
      throw new Error("handler");
    });
    const after: StoreEvent<Stored>[] = [];
    reflector.subscribe((event) => after.push(event));
    reflector.start();
    await settle(clock);
    server.put("a");
    server.put("b");
    await settle(clock);
    expect([names(events), names(after)]).toEqual([
      ["Added a", "Added b"],
      ["Added a", "Added b"],
    ]);
  });

  test("an object that does not fit its schema keeps its last readable state and stops nobody", async () => {
    const parse = (json: unknown) => {
      const read = json as Stored;
      if (read.metadata.resourceVersion === "12") throw new Error("spec.steps: expected a list");
      return read;
    };
    const { server, clock, reflector } = await started({ ...configMaps, parse });
    server.put("a");
    server.put("a");
    server.put("b");
    await settle(clock);
    const versions = () => reflector.store.list().map(({ metadata }) => metadata.resourceVersion);
    expect(versions()).toEqual(["11", "13"]);
    server.cut(reset());
    server.put("b");
    server.compact();
    await pass(clock, 10_000);
    expect(versions()).toEqual(["11", "14"]);
  });

  test("stop is final: in mid-watch and in mid-back-off no request begins after it", async () => {
    for (const broken of [false, true]) {
      const { server, clock, reflector } = await started();
      if (broken) server.cut(reset());
      await settle(clock);
      reflector.stop();
      await settle(clock);
      const before = server.requests.length;
      expect(clock.pending()).toBe(0);
      await pass(clock, 600_000);
      expect([server.requests.length, server.openWatches()]).toEqual([before, 0]);
    }
  });

  test("ends up with what the server has, whatever fails on the way, and its events alone tell the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(accident, { maxLength: 40 }), async (accidents) => {
        const { server, clock, reflector, events } = await started();
        for (const act of accidents) {
          act.on(server);
          await pass(clock, act.thenMs);
        }
        await pass(clock, 300_000);
        const expected = [...server.objects()].map(([name, { metadata }]) => [name, metadata.resourceVersion]).sort();
        expect(versionsOf(reflector.store.list())).toEqual(expected);
        const mirror = new Map<string, Stored>();
        for (const { type, object: changed } of events) {
          if (type === "Deleted") mirror.delete(changed.metadata.name);
          else mirror.set(changed.metadata.name, changed);
        }
        expect(versionsOf([...mirror.values()])).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

function versionsOf(objects: readonly Stored[]): string[][] {
  return objects.map(({ metadata }) => [metadata.name, metadata.resourceVersion]).sort();
}

const accident = fc.record({
  on: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom("a", "b", "c").map((name) => (server: FakeApiServer) => void server.put(name)),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom("a", "b", "c").map((name) => (server: FakeApiServer) => server.remove(name)),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        (server: FakeApiServer) => server.cut(),
        (server: FakeApiServer) => server.cut(reset()),
        (server: FakeApiServer) => server.compact(),
        (server: FakeApiServer) => server.bookmark(),
        (server: FakeApiServer) => server.say("{"),
        (server: FakeApiServer) => server.failNext(serverError(500), serverError(410)),
        (server: FakeApiServer) => server.failNext(reset()),
      ),
    },
  ),
  thenMs: fc.constantFrom(0, 0, 10, 2000, 80_000),
});
