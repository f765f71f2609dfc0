import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configMaps } from "../../../src/kube/resource.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { type ControlPlane, startControlPlane } from "../control-plane.ts";
import { connect, reflectConfigMaps } from "./connect.ts";

describe("when the API server fails, a cache", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(() => plane.stop());

  test("catches up after a kill and restart, and learns of what was deleted meanwhile", async () => {
    const connection = await connect(plane.kubeconfig);
    const { client, namespace } = connection;
    const reflector = await reflectConfigMaps(connection);
    const [kept, gone, late] = ["kept", "gone", "late"].map((name) => ({ namespace, name })) as [Key, Key, Key];
    for (const metadata of [kept, gone]) await client.apply(configMaps, { metadata, data: { k: "1" } });
    await reflector.until((store) => store.get(gone) !== undefined, AbortSignal.timeout(5000));
    const deletions: string[] = [];
    reflector.subscribe((event) => {
      if (event.type === "Deleted") deletions.push(event.object.metadata.name);
    });

    await plane.killApiServer();
    await plane.startApiServer();
    await client.delete(configMaps, gone);
    await client.apply(configMaps, { metadata: late, data: { k: "1" } });

    await reflector.until((store) => store.get(late) !== undefined, AbortSignal.timeout(20_000));
    expect(reflector.store.get(kept)).toBeDefined();
    expect(deletions).toEqual(["gone"]);
  }, 90_000);

  test("lists again when the version it stopped at was compacted away", async () => {
    const connection = await connect(plane.kubeconfig);
    const { client, namespace } = connection;
    const metrics = createMetrics();
    const reflector = await reflectConfigMaps(connection, metrics);
    const metadata = { namespace, name: "a" };
    await client.apply(configMaps, { metadata, data: { k: "1" } });
    await reflector.until((store) => store.get(metadata) !== undefined, AbortSignal.timeout(5000));

    await plane.killApiServer();
    await compact(plane.etcdUrl);
    await plane.startApiServer();
    const { resourceVersion } = (await client.apply(configMaps, { metadata, data: { k: "2" } })).metadata;

    await reflector.until(
      (store) => store.get(metadata)?.metadata.resourceVersion === resourceVersion,
      AbortSignal.timeout(20_000),
    );
    expect(await metrics.registry.metrics()).toContain(
      'reflector_failures_total{resource="configmaps",reason="Expired"} 1',
    );
  }, 90_000);
});

interface Key {
  readonly namespace: string;
  readonly name: string;
}

/** Throws etcd's history away up to now, as its periodic compaction does. */
async function compact(etcdUrl: string): Promise<void> {
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${etcdUrl}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { header: { revision: string } };
  };
  await post("/v3/kv/put", { key: btoa("/unrelated"), value: btoa("x") });
  const { header } = await post("/v3/kv/put", { key: btoa("/unrelated"), value: btoa("y") });
  await post("/v3/kv/compaction", { revision: header.revision, physical: true });
}
