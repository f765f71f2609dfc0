import { FIELD_MANAGER, LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import { jobs, pods } from "../../kube/resource.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Controller, Source } from "../../runtime/controller.ts";
import type { Manager } from "../../runtime/manager.ts";
import { itself, labelled, mapped, owner } from "../../runtime/sources.ts";
import { dpoJobs, preferenceDatasets } from "../resources.ts";
import type { TrainingSettings } from "./desired.ts";
import { reconcile } from "./reconcile.ts";

export interface Options {
  readonly clock: Clock;
  readonly settings: TrainingSettings;
}

/** Wakes a job for itself, its batch Job and pods, and the dataset whose snapshot it waits for. */
export function addDPOJobController(manager: Manager, { clock, settings }: Options): Controller {
  const own = manager.reflector(dpoJobs);
  const batchJobs = manager.reflector(jobs, { labels: MANAGED_BY });
  const trainerPods = manager.reflector(pods, { labels: MANAGED_BY });
  const datasets = manager.reflector(preferenceDatasets);
  const client = manager.client(FIELD_MANAGER.dpoJob);
  const deps = {
    dpoJobs: own.store,
    sources: { datasets: datasets.store, jobs: batchJobs.store, pods: trainerPods.store, client },
    client,
    events: manager.recorder,
    clock,
    settings,
  };
  const ofDataset: Source = mapped(datasets, ({ metadata }) =>
    own.store
      .list(metadata.namespace)
      .filter(({ spec }) => spec.dataset.name === metadata.name)
      .map((job) => ({ namespace: job.metadata.namespace, name: job.metadata.name })),
  );
  return manager.addController({
    name: "dpojob",
    sources: [itself(own), owner(batchJobs, dpoJobs.kind), labelled(trainerPods, LABEL.job), ofDataset],
    reconcile: (key, signal) => reconcile(key, deps, signal),
  });
}
