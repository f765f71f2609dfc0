import { claimMountPath } from "../artifacts/uri.ts";
import type { Container, Job, Pod, PodSpec } from "../kube/built-in.ts";

/** Parts that every pod of the operator's Jobs has: they run under the restricted Pod Security Standard. */

export const RESTRICTED_POD = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } },
} satisfies Partial<PodSpec>;

export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} satisfies Container["securityContext"];

type Volume = NonNullable<PodSpec["volumes"]>[number];
type Mount = NonNullable<Container["volumeMounts"]>[number];

export interface Mounted {
  readonly volume: Volume;
  readonly mount: Mount;
}

/** A claim at the path where every pod finds it. */
export function claimVolume(claimName: string, readOnly: boolean): Mounted {
  const name = `claim-${claimName.replaceAll(".", "-").slice(0, 50)}`;
  return {
    volume: { name, persistentVolumeClaim: { claimName } },
    mount: { name, mountPath: claimMountPath(claimName), readOnly },
  };
}

/** The only writable place of a pod with a read-only root. */
export const SCRATCH: Mounted = {
  volume: { name: "tmp", emptyDir: {} },
  mount: { name: "tmp", mountPath: "/tmp" },
};

/** A token that is good for one audience only, renewed by the kubelet. */
export function tokenVolume(name: string, audience: string): Mounted & { readonly tokenFile: string } {
  const mountPath = `/var/run/secrets/dpo/${name}`;
  const serviceAccountToken = { audience, expirationSeconds: 3600, path: "token" };
  return {
    volume: { name: `${name}-token`, projected: { sources: [{ serviceAccountToken }] } },
    mount: { name: `${name}-token`, mountPath, readOnly: true },
    tokenFile: `${mountPath}/token`,
  };
}

/** What the newest of the pods that ended said in its termination message; undefined when none did. */
export function terminationMessage(pods: readonly Pod[]): string | undefined {
  return pods
    .flatMap((pod) => pod.status?.containerStatuses ?? [])
    .flatMap(({ state }) => (state?.terminated?.message ? [state.terminated] : []))
    .toSorted((a, b) => (a.finishedAt ?? "").localeCompare(b.finishedAt ?? ""))
    .at(-1)?.message;
}

/** What the pod said that made the Job end as it did: a pod that failed before the one that succeeded does not count. */
export function lastWord(pods: readonly Pod[], { succeeded }: JobOutcome): string | undefined {
  return terminationMessage(podsThatEnded(pods, succeeded));
}

export function podsThatEnded<P extends Pod>(pods: readonly P[], succeeded: boolean): P[] {
  return pods.filter(({ status }) => status?.phase === (succeeded ? "Succeeded" : "Failed"));
}

export type JobOutcome =
  | { readonly succeeded: true; readonly at: Date }
  | { readonly succeeded: false; readonly at: Date; readonly reason: string; readonly message: string };

/** How a batch Job ended; undefined while it has not. */
export function jobOutcome(job: Job): JobOutcome | undefined {
  for (const { type, status, lastTransitionTime, reason = "Failed", message = "" } of job.status?.conditions ?? []) {
    if (status !== "True") continue;
    const at = new Date(lastTransitionTime ?? 0);
    if (type === "Complete") return { succeeded: true, at };
    if (type === "Failed") return { succeeded: false, at, reason, message };
  }
  return undefined;
}

/** A termination message is JSON by contract, but a pod may say anything. */
export function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
