import { expect, inject, onTestFinished, test } from "vitest";
import { controllerReference } from "../../../src/kube/owner.ts";
import { configMaps, leases } from "../../../src/kube/resource.ts";
import type { Interceptor } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { ensureFinalizer, hasFinalizer, removeFinalizer } from "../../../src/runtime/finalizers.ts";
import { createManager, type Manager, type ManagerOptions } from "../../../src/runtime/manager.ts";
import { done } from "../../../src/runtime/result.ts";
import { itself, owner } from "../../../src/runtime/sources.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { type Connection, connect } from "../kube/connect.ts";

const FINALIZER = "dpo.dev/test";
const CHILDREN = ["x", "y", "z"];
const settled = { timeout: 10_000, interval: 50 };

interface Running {
  readonly manager: Manager;
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** An operator over ConfigMaps: every one labelled `parent` gets a finalizer and three children. */
function start({ config, namespace }: Connection, options: Partial<ManagerOptions> = {}): Running {
  const manager = createManager({
    config,
    name: "dpo.dev/test",
    identity: "one",
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
    metrics: createMetrics(),
    ...options,
  });
  const client = manager.client("test-parent");
  const parents = manager.reflector(configMaps, { namespace, labels: { role: "parent" } });
  const children = manager.reflector(configMaps, { namespace, labels: { role: "child" } });
  manager.addController({
    name: "parent",
    sources: [itself(parents), owner(children, "ConfigMap")],
    async reconcile(key, signal) {
      const parent = parents.store.get(key);
      if (parent === undefined) return done;
      const owned = children.store.ownedBy(parent.metadata.uid);
      if (parent.metadata.deletionTimestamp !== undefined) {
        for (const { metadata } of owned)
          await client.delete(configMaps, metadata, { preconditions: { uid: metadata.uid } });
        await removeFinalizer(client, configMaps, parent, FINALIZER);
        return done;
      }
      const live = await ensureFinalizer(client, configMaps, parent, FINALIZER);
      for (const suffix of CHILDREN) {
        const metadata = {
          namespace: key.namespace,
          name: `${key.name}-${suffix}`,
          labels: { role: "child" },
          ownerReferences: [controllerReference(live)],
        };
        await client.apply(configMaps, { metadata, data: { of: key.name } }, signal);
      }
      return done;
    },
  });
  const controller = new AbortController();
  const ended = manager.run(controller.signal);
  const stop = () => {
    controller.abort();
    return ended;
  };
  onTestFinished(() => stop().catch(() => {}));
  return { manager, ended, stop };
}

/** Dies at the k-th write, before it is sent or after it took effect; what is dead writes no more. */
function crashAt(k: number, when: "before" | "after"): { interceptor: Interceptor; crashed: () => boolean } {
  let writes = 0;
  return {
    crashed: () => writes >= k,
    async interceptor(_, send) {
      writes += 1;
      if (writes < k) return send();
      if (writes === k && when === "after") await send();
      throw new Error("crashed");
    },
  };
}

async function names({ client, namespace }: Connection, role: string): Promise<string[]> {
  return (await client.list(configMaps, { namespace, labels: { role } })).items.map(({ metadata }) => metadata.name);
}

test("an operator that dies before or after any of its writes, and is started again, ends in the same state", async () => {
  const connection = await connect(inject("kubeconfig"));
  const { client, namespace } = connection;
  const metadata = { namespace, name: "p", labels: { role: "parent" } };
  for (let k = 1; k <= 4; k += 1) {
    for (const when of ["before", "after"] as const) {
      const { interceptor, crashed } = crashAt(k, when);
      const first = start(connection, { interceptor });
      await client.apply(configMaps, { metadata });
      await expect.poll(crashed, settled).toBe(true);
      await first.stop();

      const second = start(connection);
      const expected = CHILDREN.map((suffix) => `p-${suffix}`);
      await expect.poll(() => names(connection, "child"), settled).toEqual(expected);
      const parent = await client.get(configMaps, metadata);
      expect(parent && hasFinalizer(parent, FINALIZER)).toBe(true);
      await client.delete(configMaps, metadata);
      await expect.poll(() => client.get(configMaps, metadata), settled).toBeUndefined();
      expect(await names(connection, "child")).toEqual([]);
      await second.stop();
    }
  }
}, 60_000);

test("of two operators one works; when it stops the other goes on, and a write of the first is refused", async () => {
  const connection = await connect(inject("kubeconfig"));
  const { client, namespace } = connection;
  const lease = { namespace, name: "manager" };
  const first = start(connection, { lease, identity: "first" });
  await expect.poll(() => first.manager.isLeading(), settled).toBe(true);
  const second = start(connection, { lease, identity: "second" });
  await expect.poll(async () => second.manager.ready.run(), settled).toBeUndefined();
  expect(second.manager.isLeading()).toBe(false);
  await expect(
    second.manager.client("test").apply(configMaps, { metadata: { namespace, name: "stale" }, data: {} }),
  ).rejects.toThrow("refused: lease manager is not ours");

  await first.stop();
  await expect.poll(() => second.manager.isLeading(), settled).toBe(true);
  await client.apply(configMaps, { metadata: { namespace, name: "p", labels: { role: "parent" } } });
  await expect.poll(() => names(connection, "child"), settled).toHaveLength(3);
  expect((await client.get(leases, lease))?.spec?.holderIdentity).toBe("second");
});

test("an operator that loses its lease ends at once with the reason", async () => {
  const connection = await connect(inject("kubeconfig"));
  const { client, namespace } = connection;
  const lease = { namespace, name: "manager" };
  const { manager, ended } = start(connection, { lease });
  await expect.poll(() => manager.isLeading(), settled).toBe(true);
  const outcome = expect(ended).rejects.toThrow(`lease ${namespace}/manager: held by usurper`);
  await client.patch(leases, lease, { type: "merge", body: { spec: { holderIdentity: "usurper" } } });
  await outcome;
  expect((await client.get(leases, lease))?.spec?.holderIdentity).toBe("usurper");
});
