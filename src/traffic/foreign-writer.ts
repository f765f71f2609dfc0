import { FIELD_MANAGER } from "../api/v1alpha1/metadata.ts";
import type { Stored } from "../kube/object.ts";

/** Whose name stands on what was written into an object's spec. */
export interface Writer {
  readonly manager: string;
  /** RFC 3339. */
  readonly time?: string;
}

/**
 * Who but the operator has written into its spec last, by the API server's own account; undefined where that does not
 * tell: of somebody who only took something away it keeps nothing.
 */
export function foreignWriter({ metadata: { managedFields = [] } }: Stored): Writer | undefined {
  const writers = managedFields.flatMap(({ manager, time, subresource, fieldsV1 }): Writer[] => {
    const isForeign = manager !== undefined && manager !== FIELD_MANAGER.preferenceCanary;
    if (!isForeign || subresource !== undefined || fieldsV1?.["f:spec"] === undefined) return [];
    return [{ manager, ...(time !== undefined && { time }) }];
  });
  return writers.toSorted((a, b) => (a.time ?? "").localeCompare(b.time ?? "")).at(-1);
}
