import { expect } from "vitest";
import type { KubeObject, Stored } from "../../../src/kube/object.ts";
import { conditionStatus, type Judged, kstatus } from "../../kstatus.ts";
import type { History } from "./history.ts";

/**
 * Over every version that was ever stored: the first status is that of work under way, and nobody who waits for the object
 * was ever told that it is finished before `isDone`. The version without a status is the user's own.
 */
export function expectHonestStatus<T extends KubeObject & Judged>(
  history: History<T>,
  isDone: (object: Stored<T>) => boolean,
): void {
  const written = history.versions.filter(({ status }) => status !== undefined);
  const [first] = written;
  expect(first?.status).toMatchObject({ observedGeneration: first?.metadata.generation });
  expect(conditionStatus(first?.status, "Reconciling")).toBe("True");
  expect(conditionStatus(first?.status, "Ready")).toBe("Unknown");
  const lies = written.filter((object) => kstatus(object) === "Current" && !isDone(object));
  expect(lies.map(({ status }) => status)).toEqual([]);
}
