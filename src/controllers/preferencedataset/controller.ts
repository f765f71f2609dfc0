import { FIELD_MANAGER, LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { CollectorClient } from "../../evidence/collector-client.ts";
import { jobs, pods } from "../../kube/resource.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Controller } from "../../runtime/controller.ts";
import type { Manager } from "../../runtime/manager.ts";
import { itself, labelled, owner } from "../../runtime/sources.ts";
import { dpoJobs, preferenceDatasets } from "../resources.ts";
import type { ProfileSettings } from "./desired.ts";
import { reconcile } from "./reconcile.ts";

export interface Options {
  readonly clock: Clock;
  readonly collector: CollectorClient;
  readonly settings: ProfileSettings;
}

/** Wakes a dataset for itself, its profile Jobs and their pods, and the DPOJobs that it started. */
export function addPreferenceDatasetController(manager: Manager, { clock, collector, settings }: Options): Controller {
  const datasets = manager.reflector(preferenceDatasets);
  const profiles = manager.reflector(jobs, { labels: MANAGED_BY });
  const profilePods = manager.reflector(pods, { labels: MANAGED_BY });
  const trainings = manager.reflector(dpoJobs);
  const client = manager.client(FIELD_MANAGER.preferenceDataset);
  const deps = {
    datasets: datasets.store,
    sources: { jobs: profiles.store, pods: profilePods.store, dpoJobs: trainings.store, collector, client },
    client,
    events: manager.recorder,
    clock,
    settings,
  };
  return manager.addController({
    name: "preferencedataset",
    sources: [
      itself(datasets),
      owner(profiles, preferenceDatasets.kind),
      labelled(profilePods, LABEL.dataset),
      owner(trainings, preferenceDatasets.kind),
    ],
    reconcile: (key, signal) => reconcile(key, deps, signal),
    // One may wait for the collector while the others go on.
    concurrency: 4,
  });
}
