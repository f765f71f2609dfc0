import { describe, expect, it } from "vitest";
import { podProblem } from "../../../src/controllers/pod-problem.ts";
import type { Pod } from "../../../src/kube/built-in.ts";
import type { Stored } from "../../../src/kube/object.ts";

type Status = Exclude<Pod["status"], undefined>;

function pod(status: Partial<Status>, name = "a", deletionTimestamp?: string): Stored<Pod> {
  const metadata = { name, namespace: "chat", uid: name, resourceVersion: "1", generation: 1, creationTimestamp: "" };
  return { metadata: { ...metadata, ...(deletionTimestamp && { deletionTimestamp }) }, status } as Stored<Pod>;
}

const container = (state: object, lastState: object = {}, ready = false) => ({
  containerStatuses: [{ name: "server", image: "", imageID: "", ready, restartCount: 0, state, lastState }],
});
const conditionOf = (type: string, reason: string, message: string) => ({
  conditions: [{ type, status: "False", reason, message }],
});
const UNSCHEDULABLE = conditionOf("PodScheduled", "Unschedulable", "0/3 nodes are available: 3 Insufficient gpu.");
const CREATING = container({ waiting: { reason: "ContainerCreating" } });
const KILLED = { terminated: { exitCode: 137, reason: "OOMKilled" } };
const backOff = { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting" } };

describe("what is said of a pod that is not ready", () => {
  it.each([
    ["no node takes it", UNSCHEDULABLE, "Unschedulable", "0/3 nodes are available: 3 Insufficient gpu."],
    ["a queue holds it", conditionOf("PodScheduled", "SchedulingGated", "gated"), "SchedulingGated", "gated"],
    [
      "its image is not there",
      container({ waiting: { reason: "ErrImagePull", message: "404" } }),
      "ErrImagePull",
      "404",
    ],
    ["its node threw it out", { phase: "Failed", reason: "Evicted", message: "disk" }, "Evicted", "disk"],
    ["it waits to be started again", container(backOff, KILLED), "CrashLoopBackOff", /exit code 137, OOMKilled$/],
    ["it was started again", container({ running: {} }, KILLED), "CrashLoopBackOff", /exit code 137, OOMKilled$/],
    [
      "it has ended, and said why",
      container({ terminated: { exitCode: 1, reason: "Error", message: "no\n  config.json" } }),
      "CrashLoopBackOff",
      "container server ended with exit code 1: no config.json",
    ],
    [
      "its runtime uses words of its own",
      container({ waiting: { reason: "not: here", message: "x" } }),
      "NotReady",
      "x",
    ],
  ])("%s", (_what, status, reason, message) => {
    const found = podProblem([pod(status)]);
    expect(found).toMatchObject({ pod: "a", reason });
    expect(found).not.toHaveProperty("isUsual");
    expect(found?.message).toMatch(message);
  });

  it.each([
    ["its volumes are mounted", CREATING, "ContainerCreating"],
    ["a probe has yet to pass", conditionOf("Ready", "ContainersNotReady", "unready: [server]"), "ContainersNotReady"],
  ])("is as usual while %s", (_what, status, reason) => {
    expect(podProblem([pod(status)])).toMatchObject({ reason, isUsual: true });
  });

  it("is of an init container where that has failed, whatever waits for it", () => {
    const initContainerStatuses = container({ waiting: { reason: "CrashLoopBackOff" } }, KILLED).containerStatuses;
    const status = { ...container({ waiting: { reason: "PodInitializing" } }), initContainerStatuses };
    expect(podProblem([pod(status as Status)])).toMatchObject({ reason: "CrashLoopBackOff" });
  });

  it("is of one without a node before others, of one that is only starting last, and of none that goes", () => {
    const broken = container(backOff, KILLED);
    expect(podProblem([pod(CREATING), pod(broken, "b"), pod(UNSCHEDULABLE, "c")])?.pod).toBe("c");
    expect(podProblem([pod(CREATING), pod(broken, "b")])?.pod).toBe("b");
    expect(podProblem([pod(UNSCHEDULABLE, "a", "2026-01-01T00:00:00Z")])).toBeUndefined();
  });

  it("is nothing where all are ready, or a container that was killed once serves again", () => {
    const conditions = [{ type: "Ready", status: "True" }];
    expect(podProblem([pod({ conditions, ...container({ running: {} }, KILLED, true) } as Status)])).toBeUndefined();
  });
});
