import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { BASE_ENV, baseConfigSchema } from "../../src/api/contracts/base.ts";
import { PROGRESS_TOKEN_ENV, PROGRESS_URL_ENV, TRAIN_ENV, trainConfigSchema } from "../../src/api/contracts/train.ts";
import { ArtifactError } from "../../src/artifacts/artifact-error.ts";
import { loadBackend } from "./backend.ts";
import { base } from "./base/base.ts";
import { prepare } from "./model/infer.ts";
import { loadModel } from "./model/store.ts";
import { locateModel } from "./serve/model-location.ts";
import { modelServer } from "./serve/server.ts";
import { failure, writeTermination } from "./termination.ts";
import { TrainingError } from "./train/failure.ts";
import type { StepMetrics } from "./train/optimize.ts";
import { ProgressReporter } from "./train/progress.ts";
import { train } from "./train/train.ts";

const terminationLog = "/dev/termination-log";
/** Endpoints take a moment to hear that a pod ends; until then requests still come. */
const drainMs = 2000;

function log(line: string): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), msg: line }));
}

function configFrom<Schema extends z.ZodType>(variable: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(process.env[variable] ?? ""));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : `it is not JSON (${cause})`;
    throw new TrainingError("InvalidConfig", `${variable} cannot be used: ${why}`, { cause });
  }
}

async function runBase(): Promise<void> {
  const config = configFrom(BASE_ENV, baseConfigSchema);
  const { tf } = await loadBackend();
  const result = await base(config, tf, log);
  log(`made ${result.digest} in ${result.seconds} s`);
  await writeTermination(config.terminationLog, result);
}

async function runTrain(): Promise<void> {
  const config = configFrom(TRAIN_ENV, trainConfigSchema);
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  const { tf, name } = await loadBackend();
  log(`training ${config.job.namespace}/${config.job.name} on ${name}`);
  const url = process.env[PROGRESS_URL_ENV];
  const progress = url ? new ProgressReporter({ url, tokenFile: process.env[PROGRESS_TOKEN_ENV] }, log) : undefined;
  function onStep(metrics: StepMetrics): void {
    progress?.report(metrics);
    if (metrics.step % 10 === 0 || metrics.step === metrics.totalSteps) log(describeStep(metrics));
  }
  const result = await train(config, { tf, signal: stop.signal, onStep, log });
  await progress?.flushed();
  log(`made ${result.digest} in ${result.seconds} s`);
  await writeTermination(config.terminationLog, result);
}

function describeStep({ step, totalSteps, loss, rewardAccuracy }: StepMetrics): string {
  return `step ${step} of ${totalSteps}, loss ${loss.toFixed(4)}, reward accuracy ${(100 * rewardAccuracy).toFixed(0)}%`;
}

async function runServe(): Promise<void> {
  const uri = process.env.MODEL_URI;
  if (!uri) throw new TrainingError("InvalidConfig", "MODEL_URI is not set: give the folder or pvc:// URI of a model");
  const { folder, digest } = await locateModel(uri);
  const weights = prepare(await loadModel(folder, digest));
  const server = modelServer({ weights, digest, random: Math.random, now: () => new Date() });
  const port = Number(process.env.PORT ?? 8080);
  await server.listen({ host: "::", port });
  log(`serving ${digest} on port ${port}`);
  process.once("SIGTERM", () => void setTimeout(drainMs).then(() => server.close()));
}

/** A failure may come before the configuration is known, so where to write it is looked up by itself. */
function terminationLogOf(role: string | undefined): string {
  const fallback = z.object({ terminationLog: z.string() }).catch({ terminationLog });
  try {
    return fallback.parse(JSON.parse(process.env[role === "base" ? BASE_ENV : TRAIN_ENV] ?? "")).terminationLog;
  } catch {
    return terminationLog;
  }
}

async function main(): Promise<void> {
  const [role] = process.argv.slice(2);
  const roles: Record<string, () => Promise<void>> = { base: runBase, train: runTrain, serve: runServe };
  const run = role === undefined ? undefined : roles[role];
  if (run === undefined)
    throw new TrainingError("InvalidConfig", `"${role ?? ""}" is no role: say base, train or serve`);
  await run();
}

main().catch(async (error: unknown) => {
  const reason =
    error instanceof TrainingError ? error.reason : error instanceof ArtifactError ? "ModelUnreadable" : "Internal";
  const message = error instanceof Error ? error.message : String(error);
  console.error(
    JSON.stringify({
      time: new Date().toISOString(),
      level: "error",
      reason,
      msg: message,
      stack: error instanceof Error ? error.stack : undefined,
    }),
  );
  process.exitCode = 1;
  await writeTermination(terminationLogOf(process.argv[2]), failure(reason, message)).catch(() => undefined);
});
