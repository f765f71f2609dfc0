import type { Condition } from "../src/api/v1alpha1/object.ts";

export type KStatus = "Current" | "InProgress" | "Failed" | "Terminating";

export interface Judged {
  readonly metadata: { readonly generation?: number | undefined; readonly deletionTimestamp?: string | undefined };
  readonly status?:
    | { readonly observedGeneration?: number; readonly conditions?: readonly Pick<Condition, "type" | "status">[] }
    | undefined;
}

/**
 * What kubectl's `--wait`, Flux and Argo CD make of a custom resource: the rules of sigs.k8s.io/cli-utils
 * pkg/kstatus/status/{generic,status}.go, in their order. Note the last one: who says nothing is finished.
 */
export function kstatus({ metadata, status = {} }: Judged): KStatus {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  if (status.observedGeneration !== undefined && status.observedGeneration !== metadata.generation) return "InProgress";
  if (conditionStatus(status, "Reconciling") === "True") return "InProgress";
  if (conditionStatus(status, "Stalled") === "True") return "Failed";
  const ready = conditionStatus(status, "Ready");
  return ready === undefined || ready === "True" ? "Current" : "InProgress";
}

export function conditionStatus(status: Judged["status"], type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.status;
}
