import * as z from "zod";

/**
 * What a DPOJob's trainer is told (`DPO_TRAIN`), pushes while it runs, and says at the end.
 * Any trainer that keeps this contract can take the reference trainer's place.
 */

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 hexadecimal digits");
const fraction = z.number().min(0).max(1);
const count = z.int().min(0);

/** The environment variable that holds TrainConfig as JSON. */
export const TRAIN_ENV = "DPO_TRAIN";
/** Where progress is POSTed, a full URL; without it nothing is pushed (the names are KEP-2779's). */
export const PROGRESS_URL_ENV = "KUBEFLOW_TRAINER_SERVER_URL";
/** A file with the bearer token for the progress URL; read anew at every push, since the kubelet rotates it. */
export const PROGRESS_TOKEN_ENV = "KUBEFLOW_TRAINER_SERVER_TOKEN";

const storedInput = z.object({
  digest,
  path: z.string().min(1).describe("the folder sha256/<hex> that holds manifest.json, as mounted in this pod"),
});

export const trainConfigSchema = z.object({
  job: z.object({ namespace: z.string().min(1), name: z.string().min(1) }),
  dataset: storedInput,
  model: storedInput,
  output: z.object({
    claim: z.string().min(1),
    path: z.string().min(1).describe("where the claim is mounted; the artifact becomes <path>/sha256/<hex>"),
  }),
  method: z.object({ loss: z.literal("Sigmoid"), beta: z.number().positive() }),
  training: z.object({
    epochs: z.int().min(1),
    learningRate: z.number().positive(),
    batchSize: z.int().min(1).describe("pairs of one forward and backward pass"),
    gradientAccumulation: z.int().min(1).describe("passes whose gradients make one optimizer step"),
    maxLength: z.int().min(2).describe("tokens of prompt and answer together, at most the model's context"),
    seed: z.int().min(0),
  }),
  terminationLog: z.string().min(1).default("/dev/termination-log"),
});
export type TrainConfig = z.infer<typeof trainConfigSchema>;

/** KEP-2779's body. `value` is text there, so numbers come as decimal strings. */
export const progressBodySchema = z.object({
  trainerStatus: z.object({
    progressPercentage: z.int().min(0).max(100).optional(),
    estimatedRemainingSeconds: z.int().min(0).optional(),
    metrics: z
      .array(z.object({ name: z.string().min(1).max(64), value: z.string().max(64) }))
      .max(256)
      .optional(),
    lastUpdatedTime: z.iso.datetime({ offset: true }),
  }),
});
export type ProgressBody = z.infer<typeof progressBodySchema>;

/** The metric names the reference trainer pushes: TRL's where TRL has one. */
export const PROGRESS_METRICS = {
  step: "step",
  totalSteps: "total_steps",
  loss: "loss",
  rewardAccuracy: "rewards/accuracies",
  rewardMargin: "rewards/margins",
  tokensPerSecond: "tokens_per_second",
} as const;

/** A share with its 95% interval and the number of pairs behind it. */
const measuredShare = z.object({ value: fraction, interval: z.tuple([fraction, fraction]), samples: count });

export const trainResultSchema = z.object({
  digest,
  uri: z.string().regex(/^pvc:\/\/[^/]+\/sha256\/[0-9a-f]{64}$/),
  dataset: digest,
  base: digest,
  steps: count,
  firstLoss: z.number(),
  lastLoss: z.number(),
  seconds: z.number().min(0),
  stepsPerSecond: z.number().min(0),
  pairs: z
    .object({ trained: count, identical: count, truncated: count })
    .describe("identical: equal after truncation, skipped; truncated: cut to maxLength, trained on all the same"),
  validation: z.object({
    heldOutWinRate: measuredShare.nullable().describe("null when the snapshot has no held-out pair that can be judged"),
  }),
});
export type TrainResult = z.infer<typeof trainResultSchema>;

export const trainFailureReasons = [
  "InvalidConfig",
  "DatasetUnreadable",
  "DatasetMismatch",
  "ModelUnreadable",
  "ModelMismatch",
  "NothingToTrain",
  "FirstLossWrong",
  "LossNotFinite",
  "Interrupted",
  "OutputUnwritable",
  "Internal",
] as const;
export const trainFailureSchema = z.object({
  error: z.object({ reason: z.enum(trainFailureReasons), message: z.string() }),
});
export type TrainFailure = z.infer<typeof trainFailureSchema>;

/** What stands in the termination message: one of the two, at most 4 KB of JSON. */
export const trainOutcomeSchema = z.union([trainResultSchema, trainFailureSchema]);
export type TrainOutcome = z.infer<typeof trainOutcomeSchema>;
