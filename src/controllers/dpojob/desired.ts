import { PROGRESS_TOKEN_ENV, PROGRESS_URL_ENV, TRAIN_ENV, type TrainConfig } from "../../api/contracts/train.ts";
import type { DPOJob, DPOJobStatus } from "../../api/v1alpha1/dpo-job.ts";
import { LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import { parseDecimal, parseDuration } from "../../api/v1alpha1/quantity.ts";
import { artifactPath, claimMountPath, parseUri } from "../../artifacts/uri.ts";
import type { Job } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import type { OwnerReference } from "../../kube/object.ts";
import { claimVolume, RESTRICTED_CONTAINER, RESTRICTED_POD, SCRATCH, tokenVolume } from "../pod-parts.ts";
import { progressAudience, progressPath } from "./progress-path.ts";

/** What the operator's configuration says about every training Job. */
export interface TrainingSettings {
  /** The image of `trainer.runtime: tfjs`. */
  readonly trainerImage: string;
  /** Where trainers push progress: scheme, host and port. */
  readonly progressUrl: string;
}

type Pinned = NonNullable<DPOJobStatus["dataset"]>;

/** The batch Job of a DPOJob has its name: there is never a second one. */
export function trainingJob(
  job: DPOJob,
  owner: OwnerReference,
  dataset: Pinned,
  settings: TrainingSettings,
): Applied<Job> {
  const { name, namespace } = job.metadata;
  const { spec } = job;
  const labels = { ...MANAGED_BY, [LABEL.job]: name };
  const token = tokenVolume("progress", progressAudience(namespace, name));
  const claims = claimsOf(job, dataset);
  const nodes = spec.podTemplate?.spec ?? {};
  return {
    metadata: { name, namespace, labels, ownerReferences: [owner] },
    spec: {
      backoffLimit: spec.retry.limit,
      ...(spec.deadline && { activeDeadlineSeconds: Math.ceil(parseDuration(spec.deadline) / 1000) }),
      suspend: spec.suspend,
      template: {
        metadata: { labels },
        spec: {
          ...RESTRICTED_POD,
          ...nodes,
          restartPolicy: "Never",
          volumes: [...claims.map(({ volume }) => volume), token.volume, SCRATCH.volume],
          containers: [
            {
              name: "trainer",
              image: spec.trainer.image ?? settings.trainerImage,
              args: ["train"],
              env: [
                { name: TRAIN_ENV, value: JSON.stringify(trainConfig(job, dataset)) },
                { name: PROGRESS_URL_ENV, value: `${settings.progressUrl}${progressPath(namespace, name)}` },
                { name: PROGRESS_TOKEN_ENV, value: token.tokenFile },
              ],
              resources: resources(spec.resourcesPerNode),
              securityContext: RESTRICTED_CONTAINER,
              volumeMounts: [...claims.map(({ mount }) => mount), token.mount, SCRATCH.mount],
            },
          ],
        },
      },
    },
  };
}

function trainConfig({ metadata, spec }: DPOJob, dataset: Pinned): TrainConfig {
  const { namespace, name } = metadata;
  const claim = spec.output.storage.pvc.claimName;
  return {
    job: { namespace, name },
    dataset: { digest: dataset.digest, path: mountedPath(dataset.uri) },
    model: { digest: spec.model.digest, path: mountedPath(spec.model.uri) },
    output: { claim, path: claimMountPath(claim) },
    method: { loss: spec.method.loss, beta: parseDecimal(spec.method.beta) },
    training: { ...spec.training, learningRate: parseDecimal(spec.training.learningRate) },
    terminationLog: "/dev/termination-log",
  };
}

/** Each claim once; only the output is mounted for writing. */
function claimsOf({ spec }: DPOJob, dataset: Pinned) {
  const output = spec.output.storage.pvc.claimName;
  const names = new Set([parseUri(dataset.uri).claim, parseUri(spec.model.uri).claim, output]);
  return [...names].map((claim) => claimVolume(claim, claim !== output));
}

function mountedPath(uri: string): string {
  const { claim, digest } = parseUri(uri);
  return `${claimMountPath(claim)}/${artifactPath(digest)}`;
}

function resources(perNode: DPOJob["spec"]["resourcesPerNode"]) {
  const texts = (list: Readonly<Record<string, string | number>> = {}) =>
    Object.fromEntries(Object.entries(list).map(([name, quantity]) => [name, String(quantity)]));
  return {
    ...(perNode?.limits && { limits: texts(perNode.limits) }),
    ...(perNode?.requests && { requests: texts(perNode.requests) }),
  };
}
