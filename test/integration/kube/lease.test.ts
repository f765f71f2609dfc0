import { expect, inject, onTestFinished, test } from "vitest";
import { createClient } from "../../../src/kube/client.ts";
import { createElector, type Elector } from "../../../src/kube/lease.ts";
import { leases } from "../../../src/kube/resource.ts";
import { createTransport } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { type Connection, connect } from "./connect.ts";

function elect({ config, namespace }: Connection, identity: string): Elector {
  const transport = createTransport(config);
  const elector = createElector({
    client: createClient(transport, "elector"),
    namespace,
    name: "manager",
    identity,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
    metrics: createMetrics(),
  });
  onTestFinished(async () => {
    await elector.release();
    await transport.close();
  });
  return elector;
}

test("a released lease passes to the next one at once, and its history says so", async () => {
  const connection = await connect(inject("kubeconfig"));
  const [first, second] = [elect(connection, "first"), elect(connection, "second")];
  await first.acquire(AbortSignal.timeout(5000));
  const waiting = second.acquire(AbortSignal.timeout(15_000));
  const key = { namespace: connection.namespace, name: "manager" };
  const before = (await connection.client.get(leases, key))?.spec;
  expect(before).toMatchObject({ holderIdentity: "first", leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect([first.mayWrite(), second.mayWrite()]).toEqual([true, false]);

  await first.release();
  expect(first.mayWrite()).toBe(false);
  await waiting;

  const after = (await connection.client.get(leases, key))?.spec;
  expect(after).toMatchObject({ holderIdentity: "second", leaseTransitions: 1 });
  expect(second.mayWrite()).toBe(true);
});

test("a renewal keeps acquireTime and moves renewTime; one that finds another holder has lost", async () => {
  const connection = await connect(inject("kubeconfig"));
  const elector = elect(connection, "first");
  await elector.acquire(AbortSignal.timeout(5000));
  const key = { namespace: connection.namespace, name: "manager" };
  const acquired = (await connection.client.get(leases, key))?.spec;
  await expect
    .poll(async () => (await connection.client.get(leases, key))?.spec?.renewTime, { timeout: 6000 })
    .not.toBe(acquired?.renewTime);
  expect((await connection.client.get(leases, key))?.spec?.acquireTime).toBe(acquired?.acquireTime);

  const body = { spec: { holderIdentity: "usurper" } };
  await connection.client.patch(leases, key, { type: "merge", body });
  await expect.poll(() => elector.lost.aborted, { timeout: 10_000 }).toBe(true);
  await expect(elector.fence({ method: "PATCH", path: "/x" }, () => Promise.reject(new Error("sent")))).rejects.toThrow(
    "PATCH /x refused: lease manager is not ours",
  );
});
