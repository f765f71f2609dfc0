import { expect, test } from "vitest";
import { dpoJobs, preferenceDatasets } from "../../../src/controllers/resources.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { conditionStatus } from "../../kstatus.ts";
import { endState } from "../operator/end-state.ts";
import { startManager } from "../operator/manager.ts";
import { expectHonestStatus } from "../operator/standing.ts";
import { useStages } from "../operator/use-stages.ts";
import { createDataset, NAME, profiled } from "./support.ts";

const setStage = useStages();

test("from the first preferences to a training on a pinned snapshot, and to the next one on newer pairs", async () => {
  const stage = await setStage();
  const { client, collector, kubelet, namespace } = stage;
  const datasets = await stage.history(preferenceDatasets);
  const batchJobs = await stage.history(jobs);
  const trainings = await stage.history(dpoJobs);
  const manager = await startManager(stage, { kinds: ["PreferenceDataset"] });
  await createDataset(stage);
  await collector.receive(NAME, 9);
  await datasets.until(NAME, ({ status }) => status?.collected?.preferences === 9);
  expect(batchJobs.created).toEqual([]);

  await collector.receive(NAME, 1);
  const profile = await batchJobs.until("support-p10", () => true);
  const [dataset] = datasets.current();
  const owner = { kind: "PreferenceDataset", name: NAME, uid: dataset?.metadata.uid, controller: true };
  expect(profile.metadata.ownerReferences).toMatchObject([owner]);
  await kubelet.start("support-p10");
  await datasets.until(NAME, ({ status }) => status?.phase === "Profiling");
  await kubelet.succeed("support-p10", profiled(10));
  const ready = await datasets.until(NAME, ({ status }) => status?.phase === "Ready");
  expect(ready.status?.snapshot).toMatchObject({ pairs: 10, sequence: 10 });

  const { digest = "" } = ready.status?.snapshot ?? {};
  const name = `support-${digest.slice(7, 17)}`;
  const training = await trainings.until(name, () => true);
  expect(training.metadata).toMatchObject({
    labels: { "app.kubernetes.io/managed-by": "dpo-operator", "dpo.dev/dataset": NAME },
    ownerReferences: [owner],
  });
  expect(training.spec.dataset).toEqual({ name: NAME, digest });
  await datasets.until(NAME, ({ status }) => status?.lastTrained?.job === name);

  // A second snapshot while the job runs starts no second one; the end of the job does.
  await collector.receive(NAME, 5);
  await batchJobs.until("support-p15", () => true);
  await kubelet.start("support-p15");
  await kubelet.succeed("support-p15", profiled(15));
  await datasets.until(NAME, ({ status }) => status?.snapshot?.pairs === 15);
  const since = datasets.versions.slice(datasets.versions.indexOf(ready));
  expect(new Set(since.map(({ status }) => conditionStatus(status, "Ready")))).toEqual(new Set(["True"]));
  const meanwhile = since.filter(({ status }) => conditionStatus(status, "Reconciling") === "True");
  expect(new Set(meanwhile.map(({ status }) => status?.phase))).toEqual(new Set(["Profiling"]));
  await endState(stage, [datasets, batchJobs, trainings]);
  expect(trainings.created).toEqual([name]);
  const over = { type: "Complete", status: "True" as const, reason: "Trained", message: "" };
  const conditions = [{ ...over, lastTransitionTime: "2026-01-01T00:00:00Z" }];
  await client.applyStatus(dpoJobs, { metadata: { namespace, name }, status: { conditions } });
  await datasets.until(NAME, ({ status }) => status?.lastTrained?.pairs === 15);

  await endState(stage, [datasets, batchJobs, trainings]);
  expect(trainings.created).toHaveLength(2);
  expect(batchJobs.created).toEqual(["support-p10", "support-p15"]);
  expectHonestStatus(datasets, ({ status }) => status?.snapshot !== undefined);
  expect(manager.complaints).toEqual([]);
});

test("one snapshot is trained on once, even when its job is deleted", async () => {
  const stage = await setStage();
  const { client, collector, kubelet, namespace } = stage;
  const datasets = await stage.history(preferenceDatasets);
  const trainings = await stage.history(dpoJobs);
  await createDataset(stage);
  await collector.receive(NAME, 10);
  await startManager(stage, { kinds: ["PreferenceDataset"] });
  await expect.poll(() => client.get(jobs, { namespace, name: "support-p10" })).toBeDefined();
  await kubelet.start("support-p10");
  await kubelet.succeed("support-p10", profiled(10));
  const { status } = await datasets.until(NAME, (object) => object.status?.lastTrained !== undefined);
  await client.delete(dpoJobs, { namespace, name: status?.lastTrained?.job ?? "" });
  await endState(stage, [datasets, trainings]);
  expect(trainings.created).toHaveLength(1);
  expect(trainings.current()).toEqual([]);
});

test("spec.quality that is changed judges the snapshot that is there", async () => {
  const stage = await setStage();
  const { client, collector, kubelet, namespace } = stage;
  const datasets = await stage.history(preferenceDatasets);
  const trainings = await stage.history(dpoJobs);
  await createDataset(stage, { quality: { minPairs: 10, agreement: { min: "0.8" } } });
  await collector.receive(NAME, 10);
  await startManager(stage, { kinds: ["PreferenceDataset"] });
  await expect.poll(() => client.get(jobs, { namespace, name: "support-p10" })).toBeDefined();
  await kubelet.start("support-p10");
  await kubelet.succeed("support-p10", profiled(10));
  const ready = ({ status }: { status?: { conditions?: readonly { type: string; reason: string }[] } }) =>
    status?.conditions?.find(({ type }) => type === "Ready")?.reason;
  await datasets.until(NAME, (object) => ready(object) === "LabelersDisagree");
  expect(trainings.created).toEqual([]);
  const body = { spec: { quality: { agreement: { min: "0.7" } } } };
  await client.patch(preferenceDatasets, { namespace, name: NAME }, { type: "merge", body });
  await datasets.until(NAME, ({ status }) => status?.lastTrained !== undefined);
});
