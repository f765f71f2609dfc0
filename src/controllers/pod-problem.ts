import type { Pod } from "../kube/built-in.ts";
import type { Stored } from "../kube/object.ts";

/** Why a pod is not ready, in the words of scheduler and kubelet. */
export interface PodProblem {
  /** Its name. */
  readonly pod: string;
  /** In CamelCase: "Unschedulable", "ImagePullBackOff", "CrashLoopBackOff". */
  readonly reason: string;
  readonly message?: string;
  /** Every pod is so for a while, as when its image is pulled. */
  readonly isUsual?: true;
}

type Status = NonNullable<Pod["status"]>;
type ContainerStatus = NonNullable<Status["containerStatuses"]>[number];
type Terminated = NonNullable<NonNullable<ContainerStatus["state"]>["terminated"]>;
type Said = Omit<PodProblem, "pod">;

/** On the way up. */
const USUAL = ["ContainerCreating", "PodInitializing"];
const UNSCHEDULABLE = "Unschedulable";
/** A termination message may be the end of a log. */
const MAX_MESSAGE = 400;

/** Why the scheduler finds no node, in its own words; undefined when every pod has one. */
export function unschedulable(pods: readonly Pod[]): string | undefined {
  return pods.map(unscheduled).find((said) => said?.reason === UNSCHEDULABLE)?.message;
}

/** Of the first of these pods by name: one without a node comes before the others, and one that is only starting after. */
export function podProblem(pods: readonly Stored<Pod>[]): PodProblem | undefined {
  const problems = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((one, other) => one.metadata.name.localeCompare(other.metadata.name))
    .flatMap(({ metadata, status = {} }) => {
      const said = problemOf(status);
      return said === undefined ? [] : [{ pod: metadata.name, ...said }];
    });
  const isFirst = ({ reason }: PodProblem) => reason === UNSCHEDULABLE;
  return problems.find(isFirst) ?? problems.find(({ isUsual }) => !isUsual) ?? problems[0];
}

function problemOf(status: Status): Said | undefined {
  const { phase, reason, message, initContainerStatuses = [], containerStatuses = [] } = status;
  if (phase === "Failed") return told(reason, message);
  // An init container that has ended well has nothing to say.
  const containers = [...initContainerStatuses, ...containerStatuses].flatMap((each) => containerProblem(each) ?? []);
  return unscheduled({ status }) ?? containers.find(({ isUsual }) => !isUsual) ?? containers[0] ?? unready(status);
}

function unscheduled({ status }: Pick<Pod, "status">): Said | undefined {
  const found = status?.conditions?.find(({ type }) => type === "PodScheduled");
  return found?.status === "False" ? told(found.reason, found.message) : undefined;
}

function containerProblem({ name, ready, state = {}, lastState = {} }: ContainerStatus): Said | undefined {
  const { waiting, terminated, running } = state;
  const ended = terminated ?? lastState.terminated;
  const hasFailed = ended !== undefined && ended.exitCode !== 0 && !ready;
  const isPulled = waiting?.reason === undefined || waiting.reason === "CrashLoopBackOff";
  // Before, in and after a pause between two starts it is the same to whoever reads it.
  if (hasFailed && isPulled) return told("CrashLoopBackOff", endedWords(name, ended));
  if (waiting?.reason === undefined) return undefined;
  if (USUAL.includes(waiting.reason) && running === undefined) return { reason: waiting.reason, isUsual: true };
  return told(waiting.reason, waiting.message);
}

function endedWords(container: string, { exitCode, reason, message }: Terminated): string {
  const why = reason === undefined || reason === "Error" ? "" : `, ${reason}`;
  return `container ${container} ended with exit code ${exitCode}${why}${message ? `: ${message}` : ""}`;
}

/** Its containers run: a probe, or a gate of somebody's, has yet to say that they serve. */
function unready({ conditions = [] }: Status): Said | undefined {
  const ready = conditions.find(({ type }) => type === "Ready");
  return ready?.status === "False" ? { ...told(ready.reason, ready.message), isUsual: true } : undefined;
}

/** It becomes the reason of a condition, for which the API server takes no other words. */
function told(reason: string | undefined, message: string | undefined): Said {
  const text = message?.replaceAll(/\s+/g, " ").trim().slice(0, MAX_MESSAGE);
  return { reason: /^[A-Za-z]\w*$/.test(reason ?? "") ? (reason ?? "") : "NotReady", ...(text && { message: text }) };
}
