import type { TrainConfig, TrainFailure, TrainResult } from "../../../src/api/contracts/train.ts";
import { ArtifactError } from "../../../src/artifacts/artifact-error.ts";
import type { Digest } from "../../../src/artifacts/digest.ts";
import { formatUri } from "../../../src/artifacts/uri.ts";
import type { Tf } from "../backend.ts";
import type { Model } from "../model/architecture.ts";
import { loadModel, publishModel } from "../model/store.ts";
import { evaluate } from "./evaluate.ts";
import { TrainingError } from "./failure.ts";
import { type Optimization, optimize, type StepMetrics } from "./optimize.ts";
import { type EncodedPairs, encodePairs } from "./pairs.ts";
import { readSnapshot, type SnapshotRows } from "./snapshot.ts";

export interface Training {
  tf: Tf;
  signal: AbortSignal;
  onStep: (metrics: StepMetrics) => void;
  log: (line: string) => void;
}

/** From a stored snapshot and base model to a stored model. Throws TrainingError. */
export async function train(config: TrainConfig, { tf, signal, onStep, log }: Training): Promise<TrainResult> {
  const started = performance.now();
  const model = await readBase(config);
  const base = model.weights.slice();
  const rows = await readRows(config);
  const pairs = encodePairs(rows.train, config.training.maxLength);
  const heldOut = encodePairs(rows.heldOut, config.training.maxLength);
  describePairs(pairs, heldOut, config.training.maxLength, log);
  if (pairs.pairs.length === 0) throw nothingToTrain(rows, pairs);

  let steps = 0;
  function count(metrics: StepMetrics): void {
    steps = metrics.step;
    onStep(metrics);
  }
  const options: Optimization = {
    ...{ tf, model, signal, onStep: count },
    ...{ beta: config.method.beta, training: config.training },
  };
  const optimizing = performance.now();
  const loss = await optimize(pairs.pairs, options);
  const optimized = performance.now();
  const validation = await evaluate(heldOut.pairs, base, options);
  const stored = await store(config, model);
  return {
    ...stored,
    dataset: config.dataset.digest,
    base: config.model.digest,
    steps,
    firstLoss: loss.first,
    lastLoss: loss.last,
    seconds: rounded((performance.now() - started) / 1000),
    stepsPerSecond: rounded((1000 * steps) / (optimized - optimizing)),
    pairs: { trained: pairs.pairs.length, identical: pairs.identical, truncated: pairs.truncated },
    validation,
  };
}

async function readBase({ model, training }: TrainConfig): Promise<Model> {
  const base = await loadModel(model.path, model.digest as Digest).catch((error: unknown) => {
    throw asTrainingError(error, "ModelMismatch", "ModelUnreadable");
  });
  if (training.maxLength > base.config.context) {
    const asked = `training.maxLength is ${training.maxLength}`;
    throw new TrainingError(
      "InvalidConfig",
      `${asked}, the base model's context is ${base.config.context} tokens: set it to ${base.config.context} or less`,
    );
  }
  return base;
}

async function readRows({ dataset }: TrainConfig): Promise<SnapshotRows> {
  return readSnapshot(dataset.path, dataset.digest as Digest).catch((error: unknown) => {
    throw asTrainingError(error, "DatasetMismatch", "DatasetUnreadable");
  });
}

async function store(config: TrainConfig, model: Model): Promise<{ digest: string; uri: string }> {
  const { output, job } = config;
  const lineage = {
    base: config.model.digest as Digest,
    dataset: config.dataset.digest as Digest,
    job: `${job.namespace}/${job.name}`,
    settings: { method: config.method, training: config.training },
  };
  const { digest } = await publishModel(output.path, model, lineage).catch((cause: unknown) => {
    const remedy = "is the claim mounted there, writable, and not full?";
    throw new TrainingError("OutputUnwritable", `the model cannot be stored in ${output.path} (${cause}): ${remedy}`, {
      cause,
    });
  });
  return { digest, uri: formatUri({ claim: output.claim, digest }) };
}

function asTrainingError(
  error: unknown,
  mismatch: TrainFailure["error"]["reason"],
  unreadable: TrainFailure["error"]["reason"],
): unknown {
  if (!(error instanceof ArtifactError)) return error;
  return new TrainingError(error.reason === "DigestMismatch" ? mismatch : unreadable, error.message, { cause: error });
}

function nothingToTrain(rows: SnapshotRows, { identical }: EncodedPairs): TrainingError {
  const why =
    rows.train.length === 0
      ? "the snapshot's train split is empty: collect more preferences"
      : `all ${identical} training pairs have identical answers within training.maxLength: raise it, or check the data`;
  return new TrainingError("NothingToTrain", why);
}

function describePairs(
  train: EncodedPairs,
  heldOut: EncodedPairs,
  maxLength: number,
  log: (line: string) => void,
): void {
  log(`${train.pairs.length} pairs to train on, ${heldOut.pairs.length} held out`);
  const truncated = train.truncated + heldOut.truncated;
  if (truncated > 0) {
    log(
      `${truncated} pairs were longer than maxLength ${maxLength} and were cut: prompts at their beginning, answers at their end`,
    );
  }
  const identical = train.identical + heldOut.identical;
  if (identical > 0) log(`${identical} pairs have identical answers within maxLength and were left out`);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
