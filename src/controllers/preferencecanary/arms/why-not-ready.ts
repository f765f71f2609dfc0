import type { PodProblem } from "../../pod-problem.ts";
import type { Arm } from "../observed.ts";

const ROOM = "make room for it, or have its template ask for less";
const IMAGE = "check the image's name, and its imagePullSecrets";

/** By what scheduler or kubelet say; of anything else kubectl knows more. */
const REMEDIES: Readonly<Record<string, string>> = {
  Unschedulable: ROOM,
  SchedulingGated: "whoever has set its scheduling gate, as a queue does, takes that off",
  ImagePullBackOff: IMAGE,
  ErrImagePull: IMAGE,
  InvalidImageName: IMAGE,
};

/** What the first of its pods says, and KServe, with what to do about it; undefined when nobody says anything. */
export function whyNotReady({ podProblem, inferenceService }: Arm): string | undefined {
  const said = [podProblem && podWords(podProblem), inferenceService?.problem].filter((words) => words !== undefined);
  return said.length === 0 ? undefined : said.join("; ");
}

export function podWords({ pod, reason, message }: PodProblem): string {
  const words = message === undefined ? reason : `${reason}: ${message.replace(/\.$/, "")}`;
  return `pod ${pod} is ${words} (${remedyOf(pod, reason)})`;
}

function remedyOf(pod: string, reason: string): string {
  if (reason === "CrashLoopBackOff") return `see kubectl logs --all-containers --previous ${pod}`;
  return REMEDIES[reason] ?? `see kubectl describe pod ${pod}`;
}
