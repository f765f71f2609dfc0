import { expect, inject, onTestFinished, test } from "vitest";
import { createEventRecorder } from "../../../src/kube/events.ts";
import { configMaps, events } from "../../../src/kube/resource.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { connect } from "./connect.ts";

const stepped = { type: "Normal", reason: "StepEntered", action: "MoveTraffic", note: "10% of the traffic." } as const;

test("the same event again is counted in a series, and after six quiet minutes a new one", async () => {
  const { client, namespace } = await connect(inject("kubeconfig"));
  const regarding = await client.create(configMaps, { metadata: { namespace, name: "a" } });
  const clock = createFakeClock(new Date());
  const recorder = createEventRecorder({
    client,
    controller: "dpo.dev/manager",
    instance: "here",
    clock,
    logger: silentLogger(),
    metrics: createMetrics(),
  });
  onTestFinished(() => recorder.stop());
  const stored = async () => (await client.list(events, { namespace })).items;
  const counts = async () => (await stored()).map(({ series }) => series?.count ?? 1);

  recorder.record(regarding, stepped);
  await expect.poll(counts).toEqual([1]);
  recorder.record(regarding, stepped);
  recorder.record(regarding, stepped);
  await clock.advance(10_000);
  await expect.poll(counts).toEqual([3]);
  expect((await stored())[0]).toMatchObject({
    ...stepped,
    reportingController: "dpo.dev/manager",
    reportingInstance: "here",
    regarding: { kind: "ConfigMap", name: "a", uid: regarding.metadata.uid },
  });

  await clock.advance(360_000);
  recorder.record(regarding, stepped);
  await expect.poll(counts).toHaveLength(2);
});
