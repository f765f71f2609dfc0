import type { Job, Pod } from "../../../src/kube/built-in.ts";
import type { Client } from "../../../src/kube/client.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { controllerReference } from "../../../src/kube/owner.ts";
import { jobs, pods } from "../../../src/kube/resource.ts";
import { timestamp } from "../../../src/runtime/conditions.ts";

/** The test in the part of job controller, scheduler and kubelet: it moves Jobs and their pods as those would. */
export interface Kubelet {
  /** The Job's pod, its first or the next one, runs. */
  start(job: string): Promise<void>;
  /** The Job's pod finds no node. */
  leavePending(job: string, message: string): Promise<void>;
  /** The newest pod has found one and runs. */
  run(job: string): Promise<void>;
  /** The newest pod ends with this termination message; the Job goes on. */
  failPod(job: string, message: string): Promise<void>;
  /** The newest pod ends well; the Job does not know it yet. */
  succeedPod(job: string, message: string): Promise<void>;
  /** The newest pod ends well, and the Job with it. */
  succeed(job: string, message: string): Promise<void>;
  /** The newest pod fails, and the Job with it. */
  fail(job: string, message: string): Promise<void>;
  /** The suspended Job's pods are gone. */
  stopPods(job: string): Promise<void>;
}

type PodStatus = NonNullable<Pod["status"]>;

export function createKubelet(client: Client, namespace: string): Kubelet {
  const made = new Map<string, number>();
  const now = () => timestamp(new Date());

  async function read(name: string): Promise<Stored<Job>> {
    const job = await client.get(jobs, { namespace, name });
    if (job === undefined) throw new Error(`there is no Job ${name} to run`);
    return job;
  }

  const podName = (job: string) => `${job}-${made.get(job) ?? 0}`;

  async function setPod(job: string, status: PodStatus): Promise<void> {
    await client.applyStatus(pods, { metadata: { namespace, name: podName(job) }, status });
  }

  async function createPod(name: string): Promise<void> {
    const job = await read(name);
    made.set(name, (made.get(name) ?? 0) + 1);
    const { metadata, spec } = job.spec?.template ?? {};
    if (spec === undefined) throw new Error(`Job ${name} has no pod template`);
    const owned = { labels: metadata?.labels, ownerReferences: [controllerReference(job)] };
    // Which the ServiceAccount admission plugin would fill in.
    const pod = { serviceAccountName: "default", ...spec };
    await client.create(pods, { metadata: { namespace, name: podName(name), ...owned }, spec: pod });
    await setJob(name, { active: 1, startTime: job.status?.startTime ?? now() });
  }

  async function setJob(name: string, status: NonNullable<Job["status"]>): Promise<void> {
    await client.applyStatus(jobs, { metadata: { namespace, name }, status });
  }

  async function endPod(job: string, exitCode: number, message: string): Promise<void> {
    const [container] = (await read(job)).spec?.template.spec?.containers ?? [];
    const state = { terminated: { exitCode, message, startedAt: now(), finishedAt: now() } };
    const ended = { name: container?.name ?? "", image: "i", imageID: "i", ready: false, restartCount: 0, state };
    await setPod(job, { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses: [ended] });
  }

  async function endJob(name: string, types: readonly string[], reason: string): Promise<void> {
    const { startTime = now() } = (await read(name)).status ?? {};
    const common = { status: "True", lastProbeTime: now(), lastTransitionTime: now(), reason, message: reason };
    const conditions = types.map((type) => ({ type, ...common }));
    const complete = types.includes("Complete");
    const rest = complete ? { succeeded: 1, completionTime: now() } : { failed: made.get(name) ?? 1 };
    await setJob(name, { conditions, startTime, ...rest });
  }

  return {
    async start(job) {
      await createPod(job);
      await setPod(job, { phase: "Running" });
    },
    run: (job) => setPod(job, { phase: "Running" }),
    async leavePending(job, message) {
      await createPod(job);
      const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
      await setPod(job, { phase: "Pending", conditions: [{ ...condition, lastTransitionTime: now() }] });
    },
    failPod: (job, message) => endPod(job, 1, message),
    succeedPod: (job, message) => endPod(job, 0, message),
    async succeed(job, message) {
      await endPod(job, 0, message);
      await endJob(job, ["SuccessCriteriaMet", "Complete"], "CompletionsReached");
    },
    async fail(job, message) {
      await endPod(job, 1, message);
      await endJob(job, ["FailureTarget", "Failed"], "BackoffLimitExceeded");
    },
    async stopPods(job) {
      await client.delete(pods, { namespace, name: podName(job) });
      const condition = { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" };
      await setJob(job, { conditions: [{ ...condition, lastProbeTime: now(), lastTransitionTime: now() }] });
    },
  };
}
