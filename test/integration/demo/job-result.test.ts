import { expect, inject, test } from "vitest";
import { jobResult } from "../../../hack/demo/job-result.ts";
import { baseModelJob } from "../../../hack/demo/objects.ts";
import { jobs } from "../../../src/kube/resource.ts";
import { useStages } from "../operator/use-stages.ts";

const setStage = useStages();
const NAME = "base-model";
const LIMIT_MS = 15_000;

/** A demo that waits for its base model, whose pod runs on a node that nobody can ask for its log. */
async function waiting() {
  const stage = await setStage();
  const { client, kubelet, namespace } = stage;
  const { metadata, spec } = baseModelJob("trainer", 1);
  const { template } = spec;
  const elsewhere = { ...template, spec: { ...template.spec, nodeName: "gone" } };
  await client.create(jobs, { metadata: { ...metadata, namespace }, spec: { ...spec, template: elsewhere } });
  const result = jobResult({ kubeconfig: inject("kubeconfig") }, namespace, NAME, LIMIT_MS);
  await kubelet.start(NAME);
  return { kubelet, result };
}

test("what the pod of a Job said at its end is its result, whatever a pod before it said", async () => {
  const { kubelet, result } = await waiting();
  await kubelet.failPod(NAME, "no memory");
  await kubelet.start(NAME);
  await kubelet.succeed(NAME, '{"digest":"sha256:…"}');
  expect(await result).toBe('{"digest":"sha256:…"}');
});

test("a Job that fails is told at once, with the words of its last pod", async () => {
  const { kubelet, result } = await waiting();
  const told = result.catch((error: Error) => error.message);
  await kubelet.failPod(NAME, "the first try");
  await kubelet.start(NAME);
  const start = performance.now();
  await kubelet.fail(NAME, '{"error":{"reason":"OutputUnwritable","message":"the volume is full"}}');
  const message = await told;
  expect(performance.now() - start).toBeLessThan(LIMIT_MS / 2);
  expect(message).toContain("Job base-model failed (BackoffLimitExceeded");
  expect(message).toMatch(/pod base-model-2 ended with Error, exit code 1 .*the volume is full/);
  // Its node is not there; what matters is that a log which cannot be had hides nothing else.
  expect(message).toMatch(/The end of its log:\n\(there is none: /);
  expect(message).not.toContain("the first try");
});

test("a Job that does not end in time is shown as it stands", async () => {
  const stage = await setStage();
  const result = jobResult({ kubeconfig: inject("kubeconfig") }, stage.namespace, NAME, 1_000);
  await expect(result).rejects.toThrow(/Job base-model did not get there in 1 s/);
});
