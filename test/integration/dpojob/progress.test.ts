import { expect, test } from "vitest";
import { progressAudience, progressPath } from "../../../src/controllers/dpojob/progress-path.ts";
import { dpoJobs } from "../../../src/controllers/resources.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { startManager, type TestManager } from "../operator/manager.ts";
import { expectHonestStatus } from "../operator/standing.ts";
import { useStages } from "../operator/use-stages.ts";
import { serviceAccountToken } from "../service-account.ts";
import { condition, createDataset, createJob, NAME, publishSnapshot, trained } from "./support.ts";

const setStage = useStages();

const BODY = {
  trainerStatus: {
    progressPercentage: 70,
    metrics: [
      { name: "step", value: "84" },
      { name: "total_steps", value: "120" },
      { name: "loss", value: "0.4123" },
    ],
    lastUpdatedTime: "2026-01-03T00:00:00Z",
  },
};

async function push(manager: TestManager, path: string, token: string, body: unknown = BODY) {
  const response = await fetch(`${manager.progressUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body === null ? "no JSON" : JSON.stringify(body),
  });
  return { code: response.status, body: await response.json() };
}

test("progress is taken from the job's own pods only, and neither writer undoes the other", async () => {
  const stage = await setStage();
  const { kubelet, namespace } = stage;
  const { caller } = stage.installation;
  const trainings = await stage.history(dpoJobs);
  const batchJobs = await stage.history(jobs);
  await createDataset(stage);
  await createJob(stage);
  const manager = await startManager(stage, { kinds: ["DPOJob"] });
  const path = progressPath(namespace, NAME);
  const audience = [progressAudience(namespace, NAME)];
  const own = await serviceAccountToken(caller, namespace, "default", audience);

  // Before its training began, a push can only come from a pod of an earlier job of this name.
  await trainings.until(NAME, ({ status }) => status !== undefined);
  expect(await push(manager, path, own)).toMatchObject({ code: 404, body: { kind: "Status", reason: "NotFound" } });
  await publishSnapshot(stage);
  await batchJobs.until(NAME, () => true);
  await kubelet.start(NAME);
  await trainings.until(NAME, ({ status }) => status?.phase === "Training");

  expect(await push(manager, path, own)).toEqual({ code: 200, body: BODY });
  const running = await trainings.until(NAME, ({ status }) => status?.progress?.step === 84);
  expect(running.status).toMatchObject({ phase: "Training", progress: { step: 84, of: 120, loss: "0.4123" } });

  const all = [...BODY.trainerStatus.metrics.slice(1), { name: "step", value: "120" }];
  const lastStep = { trainerStatus: { metrics: all, lastUpdatedTime: new Date().toISOString() } };
  expect(await push(manager, path, own, lastStep)).toMatchObject({ code: 200 });
  await trainings.until(NAME, ({ status }) => status?.phase === "Finishing");

  const refused = { code: 403, body: { kind: "Status", reason: "Forbidden", message: expect.stringContaining(NAME) } };
  const ofAnother = await serviceAccountToken(caller, namespace, "default", [progressAudience(namespace, "another")]);
  expect(await push(manager, path, ofAnother)).toMatchObject(refused);
  const ofApiServer = await serviceAccountToken(caller, namespace, "default");
  expect(await push(manager, path, ofApiServer)).toMatchObject(refused);
  const ofElsewhere = await serviceAccountToken(caller, "dpo-system", "robot", audience);
  expect(await push(manager, path, ofElsewhere)).toMatchObject(refused);
  expect(await push(manager, path, caller.token)).toMatchObject(refused);
  expect(await push(manager, path, "")).toMatchObject(refused);
  const bad = { trainerStatus: { progressPercentage: 101, lastUpdatedTime: "2026-01-03T00:00:00Z" } };
  expect(await push(manager, path, own, bad)).toMatchObject({
    code: 422,
    body: { message: expect.stringContaining("trainerStatus.progressPercentage") },
  });
  expect(await push(manager, path, own, null)).toMatchObject({ code: 422, body: { reason: "Invalid" } });
  const endless = { trainerStatus: { ...BODY.trainerStatus, note: "x".repeat(70_000) } };
  expect(await push(manager, path, own, endless)).toMatchObject({ code: 413, body: { kind: "Status" } });
  expect(await push(manager, `${path}/more`, own)).toMatchObject({ code: 404, body: { reason: "NotFound" } });
  const absent = progressPath(namespace, "absent");
  const ofAbsent = await serviceAccountToken(caller, namespace, "default", [progressAudience(namespace, "absent")]);
  expect(await push(manager, absent, ofAbsent)).toMatchObject({ code: 404 });

  await kubelet.succeed(NAME, trained());
  const done = await trainings.until(NAME, ({ status }) => status?.phase === "Succeeded");
  expect(done.status?.progress).toMatchObject({ step: 120, of: 120 });
  expectHonestStatus(trainings, (job) => condition(job, "Complete") === "True");
  expect(manager.complaints).toEqual([]);
});
