import { expect, test } from "vitest";
import { dpoJobs } from "../../../src/controllers/resources.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { kstatus } from "../../kstatus.ts";
import { endState } from "../operator/end-state.ts";
import { startManager } from "../operator/manager.ts";
import { expectHonestStatus } from "../operator/standing.ts";
import { useStages } from "../operator/use-stages.ts";
import { condition, createDataset, createJob, NAME, publishSnapshot, ready, trained } from "./support.ts";

const setStage = useStages();

const failure = (reason: string, message: string) => JSON.stringify({ error: { reason, message } });

test("a pod without a node, a pod that is replaced and a job that gives up each say why", async () => {
  const stage = await setStage();
  const { client, kubelet, namespace } = stage;
  const trainings = await stage.history(dpoJobs);
  const batchJobs = await stage.history(jobs);
  await createDataset(stage);
  await publishSnapshot(stage);
  await createJob(stage, { resourcesPerNode: { limits: { "nvidia.com/gpu": 4 } } });
  const manager = await startManager(stage, { kinds: ["DPOJob"] });
  await batchJobs.until(NAME, () => true);

  await kubelet.leavePending(NAME, "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.");
  const waiting = await trainings.until(NAME, (job) => ready(job)?.reason === "Unschedulable");
  expect(waiting.status?.phase).toBe("Pending");
  expect(ready(waiting)?.message).toContain("1 Insufficient nvidia.com/gpu");
  await kubelet.run(NAME);
  await trainings.until(NAME, ({ status }) => status?.phase === "Training");
  await kubelet.failPod(NAME, failure("Interrupted", "the node is drained"));
  const retrying = await trainings.until(NAME, (job) => ready(job)?.reason === "Retrying");
  expect(ready(retrying)?.message).toContain("the node is drained");

  await kubelet.start(NAME);
  await kubelet.fail(NAME, failure("LossNotFinite", "the loss is NaN at step 12: lower spec.training.learningRate"));
  const failed = await trainings.until(NAME, ({ status }) => status?.phase === "Failed");
  expect(kstatus(failed)).toBe("Failed");
  expect(condition(failed, "Failed")).toBe("True");
  expect(ready(failed)?.message).toContain("lower spec.training.learningRate");

  // Whoever tidies up starts no second training.
  await client.delete(jobs, { namespace, name: NAME });
  await endState(stage, [trainings, batchJobs]);
  expect(batchJobs.created).toEqual([NAME]);
  expectHonestStatus(trainings, () => false);
  expect(manager.complaints).toEqual([]);
});

test("a Job of that name that somebody else has is left alone and named, until it is gone", async () => {
  const stage = await setStage();
  const { client, namespace } = stage;
  const trainings = await stage.history(dpoJobs);
  const metadata = { namespace, name: NAME };
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "theirs", image: "theirs" }] } };
  const theirs = await client.create(jobs, { metadata, spec: { template } });
  await createDataset(stage);
  await publishSnapshot(stage);
  await createJob(stage);
  await startManager(stage, { kinds: ["DPOJob"] });
  const stalled = await trainings.until(NAME, (job) => ready(job)?.reason === "NameTaken");
  expect(kstatus(stalled)).toBe("Failed");
  expect((await client.get(jobs, metadata))?.metadata.resourceVersion).toBe(theirs.metadata.resourceVersion);

  await client.delete(jobs, metadata);
  const body = { metadata: { annotations: { look: "again" } } };
  await client.patch(dpoJobs, metadata, { type: "merge", body });
  const after = ({ metadata: { resourceVersion } }: Stored) =>
    Number(resourceVersion) > Number(stalled.metadata.resourceVersion);
  await trainings.until(NAME, (job) => after(job) && ready(job)?.reason === "Starting");
});

test("a job that is deleted and made again under its name believes nothing of the first one's Job", async () => {
  const stage = await setStage();
  const { client, kubelet, namespace } = stage;
  const trainings = await stage.history(dpoJobs);
  const batchJobs = await stage.history(jobs);
  await createDataset(stage);
  await publishSnapshot(stage);
  await createJob(stage);
  await startManager(stage, { kinds: ["DPOJob"] });
  await batchJobs.until(NAME, () => true);
  await kubelet.start(NAME);
  await kubelet.succeed(NAME, trained());
  const first = await trainings.until(NAME, ({ status }) => status?.phase === "Succeeded");
  await client.delete(dpoJobs, { namespace, name: NAME });
  await createJob(stage);
  const again = (job: Stored) => job.metadata.uid !== first.metadata.uid;
  // No garbage collector runs here: the first one's Job is still there.
  await trainings.until(NAME, (job) => again(job) && ready(job)?.reason === "NameTaken");
  await client.delete(jobs, { namespace, name: NAME });
  const second = await batchJobs.until(NAME, (job) => job.metadata.ownerReferences?.[0]?.uid !== first.metadata.uid);
  expect(second.status?.succeeded).toBeUndefined();
  expect(trainings.versions.filter((job) => again(job) && job.status?.artifact !== undefined)).toEqual([]);
});
