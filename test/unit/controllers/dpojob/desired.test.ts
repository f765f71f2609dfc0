import { expect, test } from "vitest";
import { TRAIN_ENV, trainConfigSchema } from "../../../../src/api/contracts/train.ts";
import { trainingJob } from "../../../../src/controllers/dpojob/desired.ts";
import { dpoJob, PINNED } from "../../../builders/dpo-job.ts";

const owner = { apiVersion: "dpo.dev/v1alpha1", kind: "DPOJob", name: "support-1", uid: "uid-job", controller: true };
const settings = { trainerImage: "dpo-trainer:dev", progressUrl: "http://dpo-manager.dpo-system:8082" };

function podOf(spec: Record<string, unknown> = {}) {
  const pod = trainingJob(dpoJob(spec), owner, PINNED, settings).spec?.template.spec;
  const container = pod?.containers[0];
  if (pod === undefined || container === undefined) throw new Error("no pod");
  return { pod, container };
}

test("the trainer is told what to train, in the unit that it computes with", () => {
  const { container } = podOf({ method: { beta: "0.2" }, training: { learningRate: "5e-4", epochs: 3 } });
  const config = trainConfigSchema.parse(
    JSON.parse(container.env?.find(({ name }) => name === TRAIN_ENV)?.value ?? ""),
  );
  expect(config).toMatchObject({
    dataset: { digest: PINNED.digest, path: `/volumes/prefs/sha256/${"a".repeat(64)}` },
    model: { path: `/volumes/models/sha256/${"c".repeat(64)}` },
    output: { claim: "models", path: "/volumes/models" },
    method: { loss: "Sigmoid", beta: 0.2 },
    training: { learningRate: 0.0005, epochs: 3, batchSize: 8 },
  });
});

test("each claim is mounted once, and only the output for writing", () => {
  const { container } = podOf();
  const claims = container.volumeMounts?.filter(({ mountPath }) => mountPath.startsWith("/volumes/"));
  expect(claims?.map(({ mountPath, readOnly }) => [mountPath, readOnly])).toEqual([
    ["/volumes/prefs", true],
    ["/volumes/models", false],
  ]);
});

test("its progress token is good for this job's progress only", () => {
  const { pod } = podOf();
  const sources = pod.volumes?.flatMap(({ projected }) => projected?.sources ?? []);
  expect(sources?.[0]?.serviceAccountToken?.audience).toBe("dpo.dev/v1alpha1/namespaces/team/dpojobs/support-1/status");
  expect(pod.automountServiceAccountToken).toBe(false);
});

test("GPUs, nodes and tolerations go to the pod as they are", () => {
  const tolerations = [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }];
  const { pod, container } = podOf({
    resourcesPerNode: { limits: { "nvidia.com/gpu": 4, memory: "64Gi" } },
    podTemplate: { spec: { nodeSelector: { pool: "gpu" }, tolerations } },
  });
  expect(container.resources).toEqual({ limits: { "nvidia.com/gpu": "4", memory: "64Gi" } });
  expect(pod).toMatchObject({ nodeSelector: { pool: "gpu" }, tolerations });
});

test("the pod runs under the restricted Pod Security Standard", () => {
  const { pod, container } = podOf();
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});
