import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "../../../src/kube/object.ts";
import type { History } from "./history.ts";
import type { Stage } from "./stage.ts";

const QUIET_MS = 600;
const LIMIT_MS = 15_000;

/**
 * Waits until nothing changes for some polls of the manager, and says how everything stands then, without what differs
 * between two runs of the same story. A manager that never comes to rest fails here.
 */
export async function endState(stage: Stage, histories: readonly History<KubeObject>[]): Promise<unknown> {
  const versions = () => histories.map(({ versions }) => versions.length).join();
  const deadline = performance.now() + LIMIT_MS;
  for (let before = ""; before !== versions(); ) {
    if (performance.now() > deadline) throw new Error(`something is written again and again for ${LIMIT_MS / 1000} s`);
    before = versions();
    await sleep(QUIET_MS);
  }
  return histories.map((history) => ({
    created: history.created.toSorted(),
    objects: history
      .current()
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
      .map((object) => masked(object, stage)),
  }));
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function masked(object: KubeObject, { namespace, collector }: Stage): unknown {
  const text = JSON.stringify(object)
    .replaceAll(namespace, "NAMESPACE")
    .replaceAll(collector.url, "COLLECTOR")
    .replaceAll(TIME, "TIME")
    .replaceAll(UID, "UID");
  const { metadata, ...rest } = JSON.parse(text) as { metadata: { resourceVersion: string } };
  return { ...rest, metadata: { ...metadata, resourceVersion: "VERSION" } };
}
