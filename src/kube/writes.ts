import { AsyncLocalStorage } from "node:async_hooks";
import type { KubeObject, ObjectKey } from "./object.ts";
import type { Resource } from "./resource.ts";

/** A write that the API server has acknowledged. */
export interface Write {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Of the version written; undefined when the object is gone for good. */
  readonly resourceVersion: string | undefined;
  /** Of the object deleted, when it is gone for good. */
  readonly goneUid: string | undefined;
}

const current = new AsyncLocalStorage<(write: Write) => void>();

/** Runs `work`, reporting every successful write that a Client makes in it, however deep. */
export function reportingWrites<T>(report: (write: Write) => void, work: () => Promise<T>): Promise<T> {
  return current.run(report, work);
}

/** `answer` is the object written, or the Status that answers a delete at once. */
export function recordWrite(resource: Resource, { namespace, name }: ObjectKey, answer: unknown): void {
  const { kind, metadata, details } = answer as Partial<KubeObject> & { details?: { uid?: string } };
  const gone = kind === "Status";
  current.getStore()?.({
    resource,
    key: { namespace, name },
    resourceVersion: gone ? undefined : metadata?.resourceVersion,
    goneUid: gone ? details?.uid : undefined,
  });
}
