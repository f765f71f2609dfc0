import { expect, test } from "vitest";
import { type TrainerPod, trainerPod } from "../../../../src/controllers/dpojob/trainer-pod.ts";
import type { Pod } from "../../../../src/kube/built-in.ts";
import type { Stored } from "../../../../src/kube/object.ts";

function podsOf(...phases: string[]): Stored<Pod>[] {
  return phases.map((phase, index) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      namespace: "team",
      name: `support-1-${index}`,
      uid: `uid-${index}`,
      resourceVersion: "1",
      creationTimestamp: `2026-01-02T00:00:0${index}Z`,
    },
    status: { phase },
  }));
}

const waiting: TrainerPod = { phase: "Waiting" };
const ended: TrainerPod = { phase: "Ended" };

test.each<[string, string[], TrainerPod]>([
  ["no pod yet", [], waiting],
  ["a pod without a node", ["Pending"], waiting],
  ["a pod that runs", ["Running"], { phase: "Running", since: "2026-01-02T00:00:00Z" }],
  [
    "a pod that runs after two that failed",
    ["Failed", "Failed", "Running"],
    { phase: "Running", since: "2026-01-02T00:00:02Z" },
  ],
  ["a pod that ended well", ["Succeeded"], ended],
  ["a pod that ended well after one that failed", ["Failed", "Succeeded"], ended],
  ["failed pods, and another try is left", ["Failed", "Failed"], waiting],
  ["failed pods, and no try is left", ["Failed", "Failed", "Failed"], ended],
])("%s", (_what, phases, expected) => {
  const job = { metadata: { name: "support-1" }, spec: { backoffLimit: 2, template: {} } };
  expect(trainerPod(job, podsOf(...phases))).toEqual(expected);
});
