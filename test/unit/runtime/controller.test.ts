import { describe, expect, test } from "vitest";
import type { KubeObject, ObjectKey, Stored } from "../../../src/kube/object.ts";
import type { Reflector, StoreHandler } from "../../../src/kube/reflector.ts";
import { configMaps } from "../../../src/kube/resource.ts";
import { createStore } from "../../../src/kube/store.ts";
import { recordWrite } from "../../../src/kube/writes.ts";
import { createController } from "../../../src/runtime/controller.ts";
import { StalledError } from "../../../src/runtime/errors.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { done, type Result, requeueAfter } from "../../../src/runtime/result.ts";
import { itself, labelled, owner } from "../../../src/runtime/sources.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { object } from "../kube/objects.ts";

/** A reflector whose store the test fills. */
function fakeReflector() {
  const store = createStore();
  const handlers: StoreHandler<KubeObject>[] = [];
  const checks = new Set<() => void>();
  let synced = false;
  const reflector: Reflector<KubeObject> = {
    resource: configMaps,
    store,
    selects: () => true,
    subscribe: (handler) => void handlers.push(handler),
    start() {},
    stop() {},
    isServed: () => true,
    isHidden: () => false,
    isCurrent: () => true,
    hasSynced: () => synced,
    until: (condition, signal) =>
      new Promise((resolve, reject) => {
        const check = () => condition(store) && resolve();
        signal.addEventListener("abort", () => reject(signal.reason));
        checks.add(check);
        check();
      }),
  };
  function notify(): void {
    for (const check of checks) check();
  }
  return {
    reflector,
    sync() {
      synced = true;
      notify();
    },
    put(put: Stored) {
      for (const event of store.put(put)) for (const handler of handlers) handler(event);
      notify();
    },
  };
}

async function running(reconcile: (key: ObjectKey) => Promise<Result> | Result, concurrency = 1) {
  const clock = createFakeClock();
  const cache = fakeReflector();
  const metrics = createMetrics();
  const reconciled: string[] = [];
  const controller = createController(
    {
      name: "test",
      sources: [itself(cache.reflector)],
      concurrency,
      async reconcile(key) {
        reconciled.push(key.name);
        return reconcile(key);
      },
    },
    { clock, logger: silentLogger(), metrics },
  );
  const started = controller.start(new AbortController().signal);
  await clock.advance(0);
  return { clock, cache, metrics, reconciled, controller, started };
}

async function synced(reconcile: (key: ObjectKey) => Promise<Result> | Result, concurrency?: number) {
  const all = await running(reconcile, concurrency);
  all.cache.sync();
  await all.started;
  return all;
}

describe("a controller", () => {
  test("reconciles nothing before its caches are filled", async () => {
    const { clock, cache, reconciled } = await running(() => done);
    cache.put(object("a"));
    await clock.advance(60_000);
    expect(reconciled).toEqual([]);
    cache.sync();
    await clock.advance(0);
    expect(reconciled).toEqual(["a"]);
  });

  test("tries again after a failure with growing delay, and from the start after a success", async () => {
    let failing = true;
    const { clock, cache, reconciled } = await synced(() => {
      if (failing) throw new Error("flaky");
      return done;
    });
    cache.put(object("a", { version: 1 }));
    await clock.advance(34);
    expect(reconciled).toHaveLength(3);
    failing = false;
    await clock.advance(1);
    expect(reconciled).toHaveLength(4);
    await clock.advance(600_000);
    failing = true;
    cache.put(object("a", { version: 2 }));
    await clock.advance(5);
    expect(reconciled).toHaveLength(6);
  });

  test("leaves a stalled object alone until it changes", async () => {
    const { clock, cache, reconciled, metrics } = await synced(() => {
      throw new StalledError("NoSuchClaim", "The claim prefs does not exist.");
    });
    cache.put(object("a", { version: 1 }));
    await clock.advance(3_600_000);
    expect(reconciled).toHaveLength(1);
    cache.put(object("a", { version: 2 }));
    await clock.advance(0);
    expect(reconciled).toHaveLength(2);
    expect(await metrics.registry.metrics()).toContain(
      'controller_runtime_terminal_reconcile_errors_total{controller="test"} 2',
    );
  });

  test("looks again when the reconcile asked for it, not earlier", async () => {
    const { clock, cache, reconciled } = await synced(() => requeueAfter(5000));
    cache.put(object("a"));
    await clock.advance(4999);
    expect(reconciled).toHaveLength(1);
    await clock.advance(1);
    expect(reconciled).toHaveLength(2);
  });

  test("has one reconcile of a key at a time, and one more for what changed meanwhile", async () => {
    let finish = () => {};
    const { clock, cache, reconciled } = await synced(async ({ name }) => {
      if (name === "slow") await new Promise<void>((resolve) => (finish = resolve));
      return done;
    }, 2);
    cache.put(object("slow", { version: 1 }));
    await clock.advance(0);
    cache.put(object("slow", { version: 2 }));
    cache.put(object("slow", { version: 3 }));
    cache.put(object("other", { version: 4 }));
    await clock.advance(0);
    expect(reconciled).toEqual(["slow", "other"]);
    finish();
    await clock.advance(0);
    expect(reconciled).toEqual(["slow", "other", "slow"]);
  });

  test("waits for the reconciles under way when it stops, and begins no other", async () => {
    let finish = () => {};
    const { clock, cache, reconciled, controller } = await synced(async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return requeueAfter(1);
    });
    cache.put(object("a"));
    cache.put(object("b"));
    await clock.advance(0);
    let stopped = false;
    const stopping = controller.stop().then(() => {
      stopped = true;
    });
    await clock.advance(1000);
    expect(stopped).toBe(false);
    finish();
    await stopping;
    await clock.advance(60_000);
    expect(reconciled).toEqual(["a"]);
  });

  test("a reconcile waits until the cache shows what the last one of its key wrote; others do not", async () => {
    const { clock, cache, reconciled } = await synced(({ name }) => {
      const written = object("child", { version: 100 });
      if (name === "writer") recordWrite(configMaps, written.metadata, written);
      return done;
    }, 2);
    cache.put(object("writer", { version: 1 }));
    await clock.advance(0);
    cache.put(object("writer", { version: 2 }));
    cache.put(object("other", { version: 3 }));
    await clock.advance(9000);
    expect(reconciled).toEqual(["writer", "other"]);
    cache.put(object("child", { version: 100 }));
    await clock.advance(0);
    expect(reconciled).toContain("child");
    expect(reconciled.filter((name) => name === "writer")).toHaveLength(2);
  });

  test("a cache that never shows the write holds a key up for ten seconds, and is counted", async () => {
    const { clock, cache, reconciled, metrics } = await synced(() => {
      const written = object("child", { version: 100 });
      recordWrite(configMaps, written.metadata, written);
      return done;
    });
    cache.put(object("a", { version: 1 }));
    await clock.advance(0);
    cache.put(object("a", { version: 2 }));
    await clock.advance(9999);
    expect(reconciled).toHaveLength(1);
    await clock.advance(1);
    expect(reconciled).toHaveLength(2);
    expect(await metrics.registry.metrics()).toContain('stale_sync_skips_total{controller="test"} 1');
  });

  test("a reconcile after a delete waits until the object is gone from the cache", async () => {
    const { clock, cache, reconciled } = await synced(() => {
      recordWrite(configMaps, { namespace: "ns", name: "child" }, { kind: "Status", details: { uid: "uid-of-child" } });
      return done;
    });
    cache.put(object("child", { version: 1 }));
    await clock.advance(0);
    cache.put(object("child", { version: 2 }));
    await clock.advance(5000);
    expect(reconciled).toHaveLength(1);
    cache.put(object("child", { uid: "another", version: 3 }));
    await clock.advance(0);
    expect(reconciled.length).toBeGreaterThan(1);
  });
});

describe("sources", () => {
  const event = (changed: Stored) => ({ type: "Added" as const, object: changed });
  const { reflector } = fakeReflector();

  test("an owned object wakes its controller, if that is of the kind", () => {
    const reference = { apiVersion: "dpo.dev/v1alpha1", kind: "DPOJob", name: "j", uid: "u", controller: true };
    const child = event(object("c", { ownerReferences: [reference] }));
    expect(owner(reflector, "DPOJob").wake(child)).toEqual([{ namespace: "ns", name: "j" }]);
    expect(owner(reflector, "PreferenceCanary").wake(child)).toEqual([]);
  });

  test("a label that changes wakes both whom it named and whom it names", () => {
    const [old, now] = ["x", "y"].map((canary) => object("c", { labels: { canary } })) as [Stored, Stored];
    expect(labelled(reflector, "canary").wake({ type: "Updated", old, object: now })).toEqual([
      { namespace: "ns", name: "x" },
      { namespace: "ns", name: "y" },
    ]);
  });
});
