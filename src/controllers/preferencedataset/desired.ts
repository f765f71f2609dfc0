import type { ProfileConfig } from "../../api/contracts/profile.ts";
import type { DPOJobSpec } from "../../api/v1alpha1/dpo-job.ts";
import { ANNOTATION, LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import { parsePercent } from "../../api/v1alpha1/quantity.ts";
import { claimMountPath } from "../../artifacts/uri.ts";
import type { Job } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import type { OwnerReference } from "../../kube/object.ts";
import { claimVolume, RESTRICTED_CONTAINER, RESTRICTED_POD, SCRATCH, tokenVolume } from "../pod-parts.ts";
import type { Decision } from "./decide.ts";

/** What the operator's configuration says about every profile Job. */
export interface ProfileSettings {
  readonly operatorImage: string;
  readonly collectorUrl: string;
}

/** An ended profile Job is kept for an hour, so that a person can look at its pod. */
const KEPT_SECONDS = 3600;

/** Named after the sequence number, so that whoever decides the same creates the same. */
export function profileJob(
  dataset: PreferenceDataset,
  owner: OwnerReference,
  sequence: number,
  settings: ProfileSettings,
): Applied<Job> {
  const { name, namespace, generation } = dataset.metadata;
  const { claimName } = dataset.spec.storage.pvc;
  const token = tokenVolume("collector", "dpo-collector");
  const claim = claimVolume(claimName, false);
  const config = {
    namespace,
    dataset: name,
    collector: { url: settings.collectorUrl, tokenFile: token.tokenFile },
    untilSequence: sequence,
    split: {
      validation: parsePercent(dataset.spec.split.validation),
      heldOut: parsePercent(dataset.spec.split.heldOut),
    },
    validation: { maxInvalid: parsePercent(dataset.spec.validation.maxInvalid) },
    quality: { minPairs: dataset.spec.quality.minPairs },
    output: { claim: claimName, path: claimMountPath(claimName) },
    terminationLog: "/dev/termination-log",
  } satisfies ProfileConfig;
  const labels = { ...MANAGED_BY, [LABEL.dataset]: name };
  return {
    metadata: {
      name: `${name}-p${sequence}`,
      namespace,
      labels,
      annotations: { [ANNOTATION.sequence]: String(sequence), [ANNOTATION.generation]: String(generation) },
      ownerReferences: [owner],
    },
    spec: {
      // A failure is looked at by the operator, which knows whether trying again can help.
      backoffLimit: 0,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: { labels },
        spec: {
          ...RESTRICTED_POD,
          restartPolicy: "Never",
          volumes: [claim.volume, token.volume, SCRATCH.volume],
          containers: [
            {
              name: "profile",
              image: settings.operatorImage,
              args: ["profile"],
              env: [{ name: "DPO_PROFILE", value: JSON.stringify(config) }],
              resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
              securityContext: RESTRICTED_CONTAINER,
              volumeMounts: [claim.mount, token.mount, SCRATCH.mount],
            },
          ],
        },
      },
    },
  };
}

/** Named after the snapshot, so that one snapshot is trained on once. */
export function trainingJob(
  dataset: PreferenceDataset,
  owner: OwnerReference,
  { snapshot, pairs }: Extract<Decision["action"], { type: "Train" }>,
): { readonly metadata: Applied<Job>["metadata"]; readonly spec: DPOJobSpec } {
  const { name, namespace } = dataset.metadata;
  const template = dataset.spec.retrain?.template;
  if (template === undefined) throw new Error(`PreferenceDataset ${namespace}/${name} has no spec.retrain`);
  return {
    metadata: {
      name: `${name}-${snapshot.digest.slice("sha256:".length, "sha256:".length + 10)}`,
      namespace,
      labels: { ...template.metadata?.labels, ...MANAGED_BY, [LABEL.dataset]: name },
      annotations: { [ANNOTATION.sequence]: String(snapshot.sequence), [ANNOTATION.pairs]: String(pairs) },
      ownerReferences: [owner],
    },
    spec: { ...template.spec, dataset: { name, digest: snapshot.digest } },
  };
}
