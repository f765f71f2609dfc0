import { AsyncLocalStorage } from "node:async_hooks";
import type { ObjectKey, Stored } from "./object.ts";
import type { Resource } from "./resource.ts";

/** A write that the API server has acknowledged: the object as it now stands, or the one that is gone for good. */
export type Write =
  | { readonly type: "Stored"; readonly resource: Resource; readonly object: Stored }
  | { readonly type: "Gone"; readonly resource: Resource; readonly key: ObjectKey; readonly uid: string };

const current = new AsyncLocalStorage<(write: Write) => void>();

/** Runs `work`, reporting every successful write that a Client makes in it, however deep. */
export function reportingWrites<T>(report: (write: Write) => void, work: () => Promise<T>): Promise<T> {
  return current.run(report, work);
}

/** `answer` is the object written, or the Status that answers a delete which took effect at once. */
export function recordWrite(resource: Resource, key: ObjectKey, answer: unknown): void {
  const report = current.getStore();
  if (report === undefined) return;
  const { kind, details } = answer as { kind?: string; details?: { uid?: string } };
  if (kind !== "Status") report({ type: "Stored", resource, object: answer as Stored });
  else if (details?.uid !== undefined) report({ type: "Gone", resource, key, uid: details.uid });
}
