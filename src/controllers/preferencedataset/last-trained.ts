import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import { ANNOTATION } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceDatasetStatus } from "../../api/v1alpha1/preference-dataset.ts";
import type { Observed } from "./observed.ts";

type LastTrained = NonNullable<PreferenceDatasetStatus["lastTrained"]>;

/**
 * The newest training that this dataset started. A job says it by itself, so that a crash between creating it and
 * writing the status starts no second one; status remembers it after the job was deleted.
 */
export function lastTrained({ dataset, jobs }: Observed): LastTrained | undefined {
  const known = dataset.status?.lastTrained;
  return [...(known === undefined ? [] : [known]), ...jobs.flatMap(trainedBy)].toSorted(
    (a, b) => b.sequence - a.sequence,
  )[0];
}

function trainedBy({ metadata, spec }: DPOJob): LastTrained[] {
  if (spec.dataset.digest === undefined) return [];
  const numberOf = (annotation: string) => Number(metadata.annotations?.[annotation] ?? 0);
  return [
    {
      job: metadata.name,
      digest: spec.dataset.digest,
      pairs: numberOf(ANNOTATION.pairs),
      sequence: numberOf(ANNOTATION.sequence),
    },
  ];
}
