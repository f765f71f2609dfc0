import * as z from "zod";
import { atomicList, conditions, objectName, objectOf, observedGeneration, phase, rules, Storage } from "./object.ts";
import { decimal, digest, duration, percent } from "./quantity.ts";

/** A model stored as a content-addressed folder. */
export const ModelReference = z.object({
  uri: z
    .string()
    .max(512)
    .regex(/^pvc:\/\/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/sha256\/[0-9a-f]{64}$/)
    .describe("Where the model is: pvc://<claim>/sha256/<hex>."),
  digest: digest("What the model is. Verified before it is used."),
});

const Toleration = z.object({
  key: z.string().max(316).exactOptional().describe("Taint key; empty with Exists matches every taint."),
  operator: z.enum(["Exists", "Equal"]).exactOptional().describe("How key and value are compared."),
  value: z.string().max(63).exactOptional().describe("Taint value, with Equal."),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    .exactOptional()
    .describe("Which effect is tolerated; empty means all."),
  tolerationSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .meta({ format: "int64" })
    .exactOptional()
    .describe("How long a NoExecute taint is tolerated."),
});

const quantity = z.union([z.int(), z.string().max(32)]).describe("A Kubernetes quantity, such as 1, 500m or 4Gi.");
const resourceList = (description: string) => z.record(z.string(), quantity).exactOptional().describe(description);

/** Everything of a job but the data it trains on: a job's spec and a dataset's `retrain.template` share it. */
const trainingFields = {
  model: ModelReference.describe("The model that training starts from; it is also the reference model of the loss."),
  method: z
    .object({
      loss: z
        .enum(["Sigmoid"])
        .default("Sigmoid")
        .describe("The loss on the margin z of a pair; Sigmoid is -log sigma(z), as in the DPO paper."),
      beta: decimal("How strongly the policy is held to the reference model.").default("0.1"),
    })
    .prefault({})
    .describe("The objective."),
  training: z
    .object({
      epochs: z.int().min(1).max(1000).meta({ format: "int32" }).default(1).describe("Passes over the training split."),
      learningRate: decimal("Peak learning rate of AdamW.").default("5e-7"),
      batchSize: z.int().min(1).max(4096).meta({ format: "int32" }).default(8).describe("Pairs in one forward pass."),
      gradientAccumulation: z
        .int()
        .min(1)
        .max(1024)
        .meta({ format: "int32" })
        .default(1)
        .describe("Forward passes in one optimizer step."),
      maxLength: z
        .int()
        .min(8)
        .max(1_048_576)
        .meta({ format: "int32" })
        .default(1024)
        .describe("Tokens of prompt and answer together; longer pairs are truncated."),
      seed: z
        .int()
        .min(0)
        .max(2_147_483_647)
        .meta({ format: "int32" })
        .default(42)
        .describe("Seed of order and initialisation: the same inputs and seed give the same artifact."),
    })
    .prefault({})
    .describe("Hyperparameters, named as in TRL."),
  trainer: z
    .object({
      runtime: z.enum(["tfjs"]).exactOptional().describe("A trainer that comes with the operator."),
      image: z
        .string()
        .min(1)
        .max(512)
        .exactOptional()
        .describe("An image of your own that keeps the trainer's contract."),
    })
    .meta(rules(["has(self.runtime) != has(self.image)", "set exactly one of trainer.runtime and trainer.image"]))
    .prefault({ runtime: "tfjs" })
    .describe("What runs in the training pod."),
  resourcesPerNode: z
    .object({
      limits: resourceList("Upper bounds, such as nvidia.com/gpu: 4 or memory: 64Gi."),
      requests: resourceList("What the scheduler sets aside; the limits where unset."),
    })
    .exactOptional()
    .describe("Compute resources of each training pod."),
  podTemplate: z
    .object({
      spec: z
        .object({
          nodeSelector: z
            .record(z.string(), z.string().max(63))
            .exactOptional()
            .describe("Labels that the node must have."),
          tolerations: atomicList(Toleration, 16).exactOptional().describe("Taints that the pod tolerates."),
        })
        .describe("Where the pod may run."),
    })
    .exactOptional()
    .describe(
      "Merged into the training pod. Bounded on purpose: whoever may create a DPOJob gets no more rights than that.",
    ),
  retry: z
    .object({
      limit: z
        .int()
        .min(0)
        .max(20)
        .meta({ format: "int32" })
        .default(3)
        .describe("How many times a failed pod is replaced."),
    })
    .prefault({})
    .describe("What happens when a pod fails."),
  suspend: z
    .boolean()
    .default(false)
    .describe("No pod runs while true; the only field that may change after creation."),
  deadline: duration("How long the job may run, retries included; unlimited when unset.").exactOptional(),
  validation: z
    .object({
      heldOutWinRate: z
        .object({ min: percent("Share of held-out pairs that the model must order as people did.").default("70%") })
        .prefault({})
        .describe("Implicit-reward accuracy on the snapshot's held-out prompts; a tie counts one half."),
    })
    .prefault({})
    .describe("What the trained model must pass before a canary may take it."),
  output: z.object({ storage: Storage }).describe("Where the artifact goes."),
};

/** The fields that `retrain.template.spec` takes. */
export const DPOJobTemplateSpec = z.object(trainingFields);

const specFields = {
  dataset: z
    .object({
      name: objectName("Name of the PreferenceDataset, in the same namespace."),
      digest: digest(
        "The snapshot to train on; the newest one, pinned in status when the job starts, where unset.",
      ).exactOptional(),
    })
    .describe("The snapshot to train on."),
  ...trainingFields,
};

const immutable = Object.entries(specFields)
  .filter(([field]) => field !== "suspend")
  .map(([field]) => {
    const rule = `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`;
    return [rule, `spec.${field} is immutable: create a new DPOJob to train differently`] as const;
  });

export const DPOJobSpec = z
  .object(specFields)
  .meta(rules(...immutable))
  .describe("What to train, on which snapshot, and what the result must pass.");
export type DPOJobSpec = z.infer<typeof DPOJobSpec>;

export const DPOJobStatus = z
  .object({
    observedGeneration,
    phase: phase(
      "Pending, Training, Finishing, Succeeded, Failed or Suspended; derived from the conditions, for reading only.",
    ),
    dataset: z
      .object({
        digest: digest("Digest of the snapshot."),
        uri: z.string().max(512).describe("Where the snapshot is."),
      })
      .exactOptional()
      .describe("The snapshot that this job is pinned to."),
    startTime: z.string().meta({ format: "date-time" }).exactOptional().describe("When training was started."),
    completionTime: z.string().meta({ format: "date-time" }).exactOptional().describe("When the job finished."),
    progress: z
      .object({
        step: z.int().min(0).meta({ format: "int64" }).describe("Optimizer steps done."),
        of: z.int().min(0).meta({ format: "int64" }).describe("Optimizer steps in all."),
        loss: z.string().max(24).exactOptional().describe("Loss of the newest step."),
        rewardAccuracy: z
          .string()
          .max(11)
          .exactOptional()
          .describe("Share of the newest step's pairs with a positive margin."),
        tokensPerSecond: z.int().min(0).meta({ format: "int64" }).exactOptional().describe("Throughput."),
        eta: z.string().max(28).exactOptional().describe("Time that is left, by the trainer's estimate."),
        updatedAt: z.string().meta({ format: "date-time" }).exactOptional().describe("When the trainer said so."),
      })
      .exactOptional()
      .describe("How far training is, as pushed by the trainer."),
    artifact: z
      .object({
        uri: z.string().max(512).describe("Where the trained model is."),
        digest: digest("What it is."),
        dataset: digest("The snapshot it was trained on."),
        base: digest("The model it was trained from."),
      })
      .exactOptional()
      .describe("The trained model with its lineage."),
    validation: z
      .object({
        heldOutWinRate: z
          .object({
            value: z.string().max(11).describe("Share of held-out pairs ordered as people did."),
            interval: z
              .array(z.string().max(11))
              .min(2)
              .max(2)
              .meta({ "x-kubernetes-list-type": "atomic" })
              .describe("95% interval of the value."),
            samples: z.int().min(0).meta({ format: "int64" }).describe("Number of held-out pairs."),
          })
          .exactOptional()
          .describe("Implicit-reward accuracy on held-out prompts."),
      })
      .exactOptional()
      .describe("What validation found."),
    conditions,
  })
  .describe("What the operator saw.");
export type DPOJobStatus = z.infer<typeof DPOJobStatus>;

export const DPOJob = objectOf("DPOJob", DPOJobSpec, DPOJobStatus).describe(
  "DPOJob trains a model on one snapshot of preferences, validates it and publishes it with its lineage.",
);
export type DPOJob = z.infer<typeof DPOJob>;
