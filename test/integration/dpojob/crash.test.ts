import { test } from "vitest";
import { dpoJobs } from "../../../src/controllers/resources.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { type Crash, expectSameEnd, type Life, startMortalManager } from "../operator/crash.ts";
import { endState } from "../operator/end-state.ts";
import { expectHonestStatus } from "../operator/standing.ts";
import { useStages } from "../operator/use-stages.ts";
import { condition, createDataset, createJob, NAME, publishSnapshot, trained } from "./support.ts";

const setStage = useStages();

/** From waiting for a snapshot through a suspension to a validated model. */
async function live(crash?: Crash): Promise<Life> {
  const stage = await setStage();
  const { client, kubelet, namespace } = stage;
  const trainings = await stage.history(dpoJobs);
  const batchJobs = await stage.history(jobs);
  const suspend = (value: boolean) =>
    client.patch(dpoJobs, { namespace, name: NAME }, { type: "merge", body: { spec: { suspend: value } } });
  await createDataset(stage);
  await createJob(stage);
  const manager = await startMortalManager(stage, crash, ["DPOJob"]);

  await trainings.until(NAME, ({ status }) => status?.phase === "Pending");
  await publishSnapshot(stage);
  await batchJobs.until(NAME, () => true);
  await kubelet.start(NAME);
  await trainings.until(NAME, ({ status }) => status?.phase === "Training");
  await suspend(true);
  await batchJobs.until(NAME, ({ spec }) => spec?.suspend === true);
  await kubelet.stopPods(NAME);
  await trainings.until(NAME, (job) => job.metadata.generation === 2 && job.status?.phase === "Suspended");
  await suspend(false);
  await batchJobs.until(NAME, ({ spec, metadata }) => spec?.suspend === false && (metadata.generation ?? 0) > 2);
  await kubelet.start(NAME);
  await kubelet.succeed(NAME, trained());
  await trainings.until(NAME, ({ status }) => status?.phase === "Succeeded");

  const end = await endState(stage, [trainings, batchJobs]);
  expectHonestStatus(trainings, (job) => condition(job, "Complete") === "True");
  await stage.close();
  return { end, diedAt: manager.diedAt };
}

test.each(["before it is sent", "after it is answered"] as const)(
  "a manager that dies at any write, %s, ends where one that lives does, with one Job",
  { timeout: 240_000 },
  (when) => expectSameEnd(live, when),
);
