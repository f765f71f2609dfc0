import { expect, test } from "vitest";
import { dpoJobs } from "../../../src/controllers/resources.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { PINNED } from "../../builders/dpo-job.ts";
import { OTHER_DIGEST } from "../../builders/preference-dataset.ts";
import { kstatus } from "../../kstatus.ts";
import { endState } from "../operator/end-state.ts";
import { startManager } from "../operator/manager.ts";
import { expectHonestStatus } from "../operator/standing.ts";
import { useStages } from "../operator/use-stages.ts";
import { condition, createDataset, createJob, NAME, publishSnapshot, ready, trained } from "./support.ts";

const setStage = useStages();

test("a job waits for a snapshot, pins it before its training exists, and publishes a validated artifact", async () => {
  const stage = await setStage();
  const { client, kubelet, namespace } = stage;
  const trainings = await stage.history(dpoJobs);
  const batchJobs = await stage.history(jobs);
  const manager = await startManager(stage, { kinds: ["DPOJob"] });
  await createJob(stage);
  await trainings.until(NAME, (job) => /no PreferenceDataset/.test(ready(job)?.message ?? ""));
  await createDataset(stage);
  await trainings.until(NAME, (job) => /no snapshot/.test(ready(job)?.message ?? ""));
  expect(batchJobs.created).toEqual([]);

  await publishSnapshot(stage);
  const pinned = await trainings.until(NAME, ({ status }) => status?.dataset !== undefined);
  const batchJob = await batchJobs.until(NAME, () => true);
  expect(Number(pinned.metadata.resourceVersion)).toBeLessThan(Number(batchJob.metadata.resourceVersion));
  expect(pinned.status?.dataset).toEqual(PINNED);
  expect(batchJob.metadata.ownerReferences).toMatchObject([{ kind: "DPOJob", uid: pinned.metadata.uid }]);

  // A newer snapshot changes nothing for this job.
  await publishSnapshot(stage, OTHER_DIGEST);
  await kubelet.start(NAME);
  await trainings.until(NAME, ({ status }) => status?.phase === "Training");
  await kubelet.succeedPod(NAME, trained());
  await trainings.until(NAME, ({ status }) => status?.phase === "Finishing");
  await kubelet.succeed(NAME, trained());
  const done = await trainings.until(NAME, ({ status }) => status?.phase === "Succeeded");
  const phases = trainings.versions.flatMap(({ status }) => status?.phase ?? []);
  expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual([
    "Pending",
    "Training",
    "Finishing",
    "Succeeded",
  ]);
  expect(done.status).toMatchObject({
    dataset: PINNED,
    artifact: { digest: `sha256:${"d".repeat(64)}`, dataset: PINNED.digest },
    validation: { heldOutWinRate: { value: "82%", samples: 60 } },
  });
  expect(["Complete", "Validated", "Ready"].map((type) => condition(done, type))).toEqual(["True", "True", "True"]);
  expect(Date.parse(done.status?.completionTime ?? "")).toBeGreaterThanOrEqual(
    Date.parse(done.status?.startTime ?? ""),
  );

  // spec.suspend may still be changed; nobody is left waiting for what it might do.
  await client.patch(dpoJobs, { namespace, name: NAME }, { type: "merge", body: { spec: { suspend: true } } });
  await trainings.until(NAME, (job) => job.metadata.generation === 2 && kstatus(job) === "Current");
  await endState(stage, [trainings, batchJobs]);
  expect(batchJobs.created).toEqual([NAME]);
  expectHonestStatus(trainings, (job) => condition(job, "Complete") === "True");
  expect(manager.complaints).toEqual([]);
});

test("a model that does not pass its validation is kept, and no canary may take it", async () => {
  const stage = await setStage();
  const trainings = await stage.history(dpoJobs);
  const batchJobs = await stage.history(jobs);
  await createDataset(stage);
  await publishSnapshot(stage);
  await createJob(stage);
  await startManager(stage, { kinds: ["DPOJob"] });
  await batchJobs.until(NAME, () => true);
  await stage.kubelet.start(NAME);
  await stage.kubelet.succeed(NAME, trained(0.5));
  const done = await trainings.until(NAME, ({ status }) => status?.phase === "Failed");
  expect(kstatus(done)).toBe("Failed");
  expect(condition(done, "Validated")).toBe("False");
  expect(done.status?.artifact).toBeDefined();
  expect(ready(done)?.reason).toBe("HeldOutWinRateTooLow");
});

test("a job that is suspended has no pod, and goes on with the snapshot that it had", async () => {
  const stage = await setStage();
  const { client, kubelet, namespace } = stage;
  const trainings = await stage.history(dpoJobs);
  const batchJobs = await stage.history(jobs);
  const suspend = (value: boolean) =>
    client.patch(dpoJobs, { namespace, name: NAME }, { type: "merge", body: { spec: { suspend: value } } });
  await createDataset(stage);
  await publishSnapshot(stage);
  await createJob(stage, { suspend: true });
  const manager = await startManager(stage, { kinds: ["DPOJob"] });
  const waiting = await trainings.until(NAME, ({ status }) => status?.phase === "Suspended");
  expect(kstatus(waiting)).toBe("InProgress");
  await endState(stage, [trainings, batchJobs]);
  expect(batchJobs.created).toEqual([]);

  await suspend(false);
  await batchJobs.until(NAME, () => true);
  await kubelet.start(NAME);
  await trainings.until(NAME, ({ status }) => status?.phase === "Training");
  await suspend(true);
  await batchJobs.until(NAME, ({ spec }) => spec?.suspend === true);
  await kubelet.stopPods(NAME);
  await trainings.until(NAME, (job) => job.metadata.generation === 3 && job.status?.phase === "Suspended");
  await publishSnapshot(stage, OTHER_DIGEST);
  await suspend(false);
  await batchJobs.until(NAME, ({ spec, metadata }) => spec?.suspend === false && (metadata.generation ?? 0) > 2);
  await kubelet.start(NAME);
  await kubelet.succeed(NAME, trained());
  const done = await trainings.until(NAME, ({ status }) => status?.phase === "Succeeded");
  expect(done.status?.dataset).toEqual(PINNED);
  expect(condition(done, "Suspended")).toBe("False");
  expect(manager.complaints).toEqual([]);
});
