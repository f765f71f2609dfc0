import { DPOJob } from "../api/v1alpha1/dpo-job.ts";
import { GROUP, VERSION } from "../api/v1alpha1/object.ts";
import { PreferenceCanary } from "../api/v1alpha1/preference-canary.ts";
import { PreferenceDataset } from "../api/v1alpha1/preference-dataset.ts";
import { defineResource } from "../kube/resource.ts";

/** Handles on the three kinds. Parsing fills in defaults that an older CRD's server did not. */

export const preferenceDatasets = defineResource<PreferenceDataset>({
  group: GROUP,
  version: VERSION,
  kind: "PreferenceDataset",
  plural: "preferencedatasets",
  parse: (json) => PreferenceDataset.parse(json),
});

export const dpoJobs = defineResource<DPOJob>({
  group: GROUP,
  version: VERSION,
  kind: "DPOJob",
  plural: "dpojobs",
  parse: (json) => DPOJob.parse(json),
});

export const preferenceCanaries = defineResource<PreferenceCanary>({
  group: GROUP,
  version: VERSION,
  kind: "PreferenceCanary",
  plural: "preferencecanaries",
  parse: (json) => PreferenceCanary.parse(json),
});
