import { expect, it } from "vitest";
import { LABEL } from "../../../src/api/v1alpha1/metadata.ts";
import type { Deployment } from "../../../src/kube/built-in.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { deployments, pods } from "../../../src/kube/resource.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { CANARY, WORKLOAD } from "../../builders/canary.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const setStage = useCanaryStages();

const NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";

it("a candidate that no node takes says so with the scheduler's words, and fails at its deadline over a restart", async () => {
  const hasRoom = ({ metadata }: Stored<Deployment>) => metadata.labels?.[LABEL.role] !== "candidate";
  const canary = await setStage({ hasRoom });
  const { client, namespace } = canary.stage;
  await canary.applyWorkload();
  await canary.createCanary({ serving: { workloadRef: { name: WORKLOAD }, readyWithin: "3m" } });
  await canary.start();
  const idle = await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  const isStarting = /is starting: 0 of 1 pods are ready; it has failed/;
  const started = await canary.until("starting", ({ status }) =>
    isStarting.test(findCondition(status?.conditions, "Ready")?.message ?? ""),
  );
  const { revision = "" } = started.status?.candidate ?? {};
  const key = { namespace, name: `${CANARY}-${revision}` };
  const arm = await client.get(deployments, key);
  const { labels = {} } = arm?.spec?.template.metadata ?? {};

  // As a ReplicaSet's controller, and then a scheduler, would.
  const name = `${key.name}-x2x4z`;
  const containers = [{ name: "server", image: "server:1" }];
  await client.create(pods, { metadata: { namespace, name, labels }, spec: { containers } });
  const lastTransitionTime = new Date().toISOString();
  const type = "PodScheduled";
  const condition = { type, status: "False", reason: "Unschedulable", message: NO_GPU, lastTransitionTime };
  await client.applyStatus(pods, {
    metadata: { namespace, name },
    status: { phase: "Pending", conditions: [condition] },
  });

  const pending = await canary.until(
    "known to wait",
    ({ status }) => findCondition(status?.conditions, "PodsWaiting")?.status === "True",
  );
  const waiting = findCondition(pending.status?.conditions, "PodsWaiting");
  expect(waiting).toMatchObject({ reason: "Unschedulable", message: expect.stringContaining("3 Insufficient") });
  expect(findCondition(pending.status?.conditions, "Ready")).toMatchObject({
    reason: "CandidateUnschedulable",
    message: expect.stringMatching(new RegExp(`pod ${name} is Unschedulable: 0/3 nodes .*serving.readyWithin`)),
  });

  await canary.start();
  const { status } = await canary.until("failed", (now) => now.status?.phase === "Stalled");
  expect(status?.lastRun).toMatchObject({ revision, outcome: "Failed" });
  expect(status?.lastRun?.message).toMatch(
    /for 3m \(serving\.readyWithin\) .* is Unschedulable: 0\/3 nodes are available/,
  );
  expect(status?.stable?.revision).toBe(idle.status?.stable?.revision);
  expect(canary.faults()).toEqual([]);
});
