import type { Job, Pod } from "../../kube/built-in.ts";
import type { Stored } from "../../kube/object.ts";
import { podsThatEnded } from "../pod-parts.ts";

/** How far the newest of a job's training pods has come. */
export type TrainerPod =
  /** There is none, or it has not started. */
  | { readonly phase: "Waiting" }
  | { readonly phase: "Running"; readonly since: string }
  /** It ended and no other one will follow, which the batch Job says a moment later. */
  | { readonly phase: "Ended" };

export function trainerPod({ spec }: Job, pods: readonly Stored<Pod>[]): TrainerPod {
  if (podsThatEnded(pods, true).length > 0) return { phase: "Ended" };
  const running = pods.find(({ status }) => status?.phase === "Running");
  if (running !== undefined) return { phase: "Running", since: running.metadata.creationTimestamp };
  return { phase: podsThatEnded(pods, false).length > (spec?.backoffLimit ?? 0) ? "Ended" : "Waiting" };
}
