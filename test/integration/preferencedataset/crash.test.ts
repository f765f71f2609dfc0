import { test } from "vitest";
import { dpoJobs, preferenceDatasets } from "../../../src/controllers/resources.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { type Crash, expectSameEnd, type Life, startMortalManager } from "../operator/crash.ts";
import { endState } from "../operator/end-state.ts";
import { expectHonestStatus } from "../operator/standing.ts";
import { useStages } from "../operator/use-stages.ts";
import { createDataset, NAME, profiled, profileFailed } from "./support.ts";

const setStage = useStages();

/** From nothing through a profile that was lost to a snapshot and the training that it starts. */
async function live(crash?: Crash): Promise<Life> {
  const stage = await setStage();
  const { clock, collector, kubelet } = stage;
  const datasets = await stage.history(preferenceDatasets);
  const profiles = await stage.history(jobs);
  const trainings = await stage.history(dpoJobs);
  await createDataset(stage);
  const manager = await startMortalManager(stage, crash, ["PreferenceDataset"]);

  await datasets.until(NAME, ({ status }) => status?.phase === "Collecting");
  await collector.receive(NAME, 10);
  const lost = await profiles.until("support-p10", () => true);
  await kubelet.start("support-p10");
  await kubelet.fail("support-p10", profileFailed("Failed", "evicted"));
  clock.skip(61_000);
  await profiles.until("support-p10", ({ metadata }) => metadata.uid !== lost.metadata.uid);
  await kubelet.start("support-p10");
  await kubelet.succeed("support-p10", profiled(10));
  await datasets.until(NAME, ({ status }) => status?.lastTrained?.pairs === 10);

  const end = await endState(stage, [datasets, profiles, trainings]);
  expectHonestStatus(datasets, ({ status }) => status?.snapshot !== undefined);
  await stage.close();
  return { end, diedAt: manager.diedAt };
}

test.each(["before it is sent", "after it is answered"] as const)(
  "a manager that dies at any write, %s, ends where one that lives does, with as many Jobs and DPOJobs",
  { timeout: 240_000 },
  (when) => expectSameEnd(live, when),
);
