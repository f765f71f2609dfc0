import { expect } from "vitest";
import type { Resource } from "../../../src/kube/resource.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { type CustomResourceDefinition, customResourceDefinitions, installDefinition } from "./gateway-api.ts";

type Ready = ReturnType<typeof findCondition>;

/** A manager asks for what was missing at growing intervals, of half a minute in the end. */
const SERVED_WITHIN_MS = 60_000;
export const MISSING_TIMEOUT_MS = 90_000;

/** What a canary needs is not installed: it is Stalled and `says` so, the manager goes on, and it serves once it is there. */
export async function expectToWaitFor(
  canary: CanaryStage,
  definition: CustomResourceDefinition,
  resource: Resource,
  createCanary: () => Promise<void>,
  says: (ready: Ready) => void | Promise<void>,
): Promise<void> {
  const { client } = canary.stage;
  const { name } = definition.metadata;
  await client.delete(customResourceDefinitions, { name });
  await expect.poll(() => client.get(customResourceDefinitions, { name })).toBeUndefined();
  await createCanary();
  const manager = await canary.start();
  const { status } = await canary.until("stalled", (now) => now.status?.phase === "Stalled");
  await says(findCondition(status?.conditions, "Ready"));
  await installDefinition(client, definition, resource);
  await canary.until("idle", (now) => now.status?.phase === "Idle", SERVED_WITHIN_MS);
  expect(manager.complaints).toEqual([]);
}
