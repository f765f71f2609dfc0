import { expect, test } from "vitest";
import type { PreferenceDataset } from "../../../src/api/v1alpha1/preference-dataset.ts";
import { dpoJobs, preferenceDatasets } from "../../../src/controllers/resources.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { trainResult } from "../../builders/dpo-job.ts";
import { RETRAIN } from "../../builders/preference-dataset.ts";
import { kstatus } from "../../kstatus.ts";
import { endState } from "../operator/end-state.ts";
import { startManager } from "../operator/manager.ts";
import { useStages } from "../operator/use-stages.ts";
import { createDataset, NAME, profiled, profileFailed } from "./support.ts";

const setStage = useStages();

const ready = ({ status }: PreferenceDataset) => findCondition(status?.conditions, "Ready");

/** A dataset with ten preferences, and a manager that has just started. */
async function collecting() {
  const stage = await setStage();
  const datasets = await stage.history(preferenceDatasets);
  const profiles = await stage.history(jobs);
  await createDataset(stage);
  await stage.collector.receive(NAME, 10);
  return { stage, datasets, profiles, manager: await startManager(stage, { kinds: ["PreferenceDataset"] }) };
}

test("a profile that failed for want of a machine is tried again after a minute; the data's fault waits for more of it", async () => {
  const { stage, datasets, profiles, manager } = await collecting();
  const { client, clock, collector, kubelet, namespace } = stage;

  const first = await profiles.until("support-p10", () => true);
  await kubelet.start("support-p10");
  await kubelet.fail("support-p10", "Killed");
  await datasets.until(NAME, (dataset) => ready(dataset)?.reason === "Retrying");
  await endState(stage, [datasets, profiles]);
  expect(profiles.created).toEqual(["support-p10"]);
  clock.skip(61_000);
  await profiles.until("support-p10", ({ metadata }) => metadata.uid !== first.metadata.uid);

  await kubelet.start("support-p10");
  await kubelet.fail("support-p10", profileFailed("TooManyInvalid", "4 of 10 are empty"));
  const stalled = await datasets.until(NAME, ({ status }) => status?.phase === "Stalled");
  expect(kstatus(stalled)).toBe("Failed");
  expect(ready(stalled)).toMatchObject({ reason: "TooManyInvalid", message: "4 of 10 are empty" });
  clock.skip(3_600_000);
  await endState(stage, [datasets, profiles]);
  expect(profiles.created).toHaveLength(2);
  await collector.receive(NAME, 1);
  await profiles.until("support-p11", () => true);
  expect(await client.get(jobs, { namespace, name: "support-p10" })).toBeUndefined();
  expect(manager.complaints).toEqual([]);
});

test("data that was refused stays so after its Job is gone, until spec asks for something else or there is more of it", async () => {
  const { stage, datasets, profiles, manager } = await collecting();
  const { client, clock, collector, kubelet, namespace } = stage;
  const refuse = async (name: string, message: string) => {
    await kubelet.start(name);
    await kubelet.fail(name, profileFailed("TooManyInvalid", message));
    await datasets.until(NAME, (dataset) => ready(dataset)?.message === message);
  };
  await profiles.until("support-p10", () => true);
  await refuse("support-p10", "4 of 10 are empty");
  // As its time to live does.
  await client.delete(jobs, { namespace, name: "support-p10" });
  clock.skip(3_600_000);
  await endState(stage, [datasets, profiles]);
  expect(profiles.created).toEqual(["support-p10"]);
  const [standing] = datasets.current();
  expect(standing && ready(standing)).toMatchObject({ reason: "TooManyInvalid", message: "4 of 10 are empty" });

  const body = { spec: { validation: { maxInvalid: "20%" } } };
  await client.patch(preferenceDatasets, { namespace, name: NAME }, { type: "merge", body });
  await expect.poll(() => profiles.created.length, { timeout: 10_000 }).toBe(2);
  await refuse("support-p10", "4 of 10 are still empty");
  await endState(stage, [datasets, profiles]);
  expect(profiles.created).toHaveLength(2);
  await collector.receive(NAME, 1);
  await profiles.until("support-p11", () => true);
  await kubelet.start("support-p11");
  await kubelet.succeed("support-p11", profiled(11));
  const taken = await datasets.until(NAME, ({ status }) => status?.phase === "Ready");
  expect(taken.status).not.toHaveProperty("refused");
  expect(manager.complaints).toEqual([]);
});

test("a profile that no node takes says so in the scheduler's words", async () => {
  const stage = await setStage();
  const { collector, kubelet } = stage;
  const datasets = await stage.history(preferenceDatasets);
  const profiles = await stage.history(jobs);
  await createDataset(stage);
  await collector.receive(NAME, 10);
  await startManager(stage, { kinds: ["PreferenceDataset"] });
  await profiles.until("support-p10", () => true);
  await kubelet.leavePending("support-p10", "0/1 nodes are available: 1 Insufficient memory.");
  const waiting = await datasets.until(NAME, (dataset) => ready(dataset)?.reason === "Unschedulable");
  expect(ready(waiting)?.message).toContain("1 Insufficient memory");
});

test("with the collector gone, status keeps what it knows and stays ready, and goes on when it is back", async () => {
  const stage = await setStage();
  const { collector, kubelet } = stage;
  const datasets = await stage.history(preferenceDatasets);
  const profiles = await stage.history(jobs);
  const trainings = await stage.history(dpoJobs);
  await createDataset(stage, { retrain: { ...RETRAIN, when: { newPairs: 1000 } } });
  await collector.receive(NAME, 10);
  const manager = await startManager(stage, { kinds: ["PreferenceDataset"] });
  await profiles.until("support-p10", () => true);
  await kubelet.start("support-p10");
  await kubelet.succeed("support-p10", profiled(10));
  const before = await datasets.until(NAME, ({ status }) => status?.phase === "Ready");

  await collector.stop();
  const without = await datasets.until(NAME, (dataset) => /cannot be read/.test(ready(dataset)?.message ?? ""));
  expect(ready(without)).toMatchObject({ status: "True", reason: "SnapshotReady" });
  expect(without.status).toMatchObject({ collected: before.status?.collected, snapshot: before.status?.snapshot });
  expect(kstatus(without)).toBe("Current");
  await endState(stage, [datasets, profiles, trainings]);

  await collector.start();
  await collector.receive(NAME, 5);
  await profiles.until("support-p15", () => true);
  expect(manager.complaints).toEqual([]);
});

test("a name that somebody else has is left alone and named", async () => {
  const stage = await setStage();
  const { client, collector, namespace } = stage;
  const datasets = await stage.history(preferenceDatasets);
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "theirs", image: "theirs" }] } };
  const metadata = { namespace, name: "support-p10" };
  const theirs = await client.create(jobs, { metadata, spec: { template } });
  await createDataset(stage);
  await collector.receive(NAME, 10);
  await startManager(stage, { kinds: ["PreferenceDataset"] });
  const stalled = await datasets.until(NAME, (dataset) => ready(dataset)?.reason === "NameTaken");
  expect(ready(stalled)?.message).toContain("Job support-p10");
  expect((await client.get(jobs, metadata))?.metadata.resourceVersion).toBe(theirs.metadata.resourceVersion);
  await client.delete(jobs, metadata);
  await datasets.until(NAME, ({ status }) => status?.phase === "Profiling");
});

test("the longest name that a dataset may have is one that its jobs can bear", async () => {
  const stage = await setStage();
  const { collector, kubelet } = stage;
  const name = "d".repeat(52);
  const datasets = await stage.history(preferenceDatasets);
  const profiles = await stage.history(jobs);
  const trainings = await stage.history(dpoJobs);
  await createDataset(stage, { retrain: RETRAIN, quality: { minPairs: 1000 } }, name);
  await expect(createDataset(stage, {}, `${name}d`)).rejects.toThrow("at most 52 characters");
  await collector.receive(name, 1000);
  await startManager(stage);
  await profiles.until(`${name}-p1000`, () => true);
  await kubelet.start(`${name}-p1000`);
  await kubelet.succeed(`${name}-p1000`, profiled(1000));
  const { status } = await datasets.until(name, (dataset) => dataset.status?.lastTrained !== undefined);
  const job = status?.lastTrained?.job ?? "";
  await profiles.until(job, () => true);
  await kubelet.start(job);
  await kubelet.succeed(job, JSON.stringify(trainResult()));
  await trainings.until(job, (training) => training.status?.phase === "Succeeded");
});
