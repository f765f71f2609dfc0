import type { InferenceServiceStatus } from "../../../../src/kube/kserve.ts";
import { CANARY, canaryObject, canarySpec, modelUri, NAMESPACE } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

/** A canary whose arms are InferenceServices, and what KServe does to those. */

type Json = Readonly<Record<string, unknown>>;

export const wins = Array<1>(60).fill(1);

export function predictor(changes: Json = {}, storageUri: string | undefined = modelUri("a")): Json {
  const model = { modelFormat: { name: "huggingface" }, args: ["--model_name=assistant"] };
  return { minReplicas: 2, ...changes, model: { ...model, ...(storageUri && { storageUri }) } };
}

export function specOf(template: Json = { predictor: predictor() }, changes: Json = {}): Json {
  return canarySpec({ serving: { inferenceService: template }, ...changes });
}

export function started(spec = specOf()): CanaryWorld {
  const world = new CanaryWorld(spec);
  world.settle();
  return world;
}

/** A candidate that is in its last step. */
export function running(spec?: Json): CanaryWorld {
  const world = started(spec);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

/** A candidate whose InferenceService has just been made, and which nobody makes pods of. */
export function starting(spec?: Json): CanaryWorld {
  const world = started(spec);
  world.autoReady = false;
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(10_000);
  return world;
}

export function edit(world: CanaryWorld, template: Json): void {
  world.edit({ serving: canaryObject(specOf(template)).spec.serving });
}

export function key(revision = "") {
  return { namespace: NAMESPACE, name: `${CANARY}-${revision}` };
}

export function made({ cluster }: CanaryWorld, revision?: string) {
  const { name } = key(revision);
  const { inferenceServices } = cluster;
  return inferenceServices.get(key(revision)) ?? inferenceServices.get({ namespace: NAMESPACE, name: `${name}-isvc` });
}

/** Likewise, where there has to be one. */
export function standing(world: CanaryWorld, revision: string | undefined) {
  const object = made(world, revision);
  if (object === undefined) throw new Error(`no InferenceService of ${revision}`);
  return object;
}

/** KServe: how it says that an InferenceService is. */
export function report(world: CanaryWorld, revision: string | undefined, status: InferenceServiceStatus): void {
  world.cluster.put(world.cluster.inferenceServices, { ...standing(world, revision), status });
}

export function names({ cluster }: CanaryWorld) {
  const of = (store: { list(): { metadata: { name: string } }[] }) => store.list().map(({ metadata }) => metadata.name);
  return [...of(cluster.inferenceServices), ...of(cluster.deployments), ...of(cluster.services)].toSorted();
}

export function ready(world: CanaryWorld) {
  return world.status.conditions?.find(({ type }) => type === "Ready");
}

export function applied(world: CanaryWorld) {
  return world.effects.filter(({ type }) => type === "ApplyInferenceService");
}
