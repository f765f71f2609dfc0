import type { InvalidExample, ProfileConfig, ProfileFailure, ProfileQuality } from "../api/contracts/profile.ts";
import { fewExamples } from "./outcome.ts";

/** Why these records make no snapshot, with what to do; undefined when they do. */
export function qualityRefusal(
  { validation, quality: { minPairs } }: Pick<ProfileConfig, "validation" | "quality">,
  pairs: number,
  quality: ProfileQuality,
  examples: readonly InvalidExample[],
): ProfileFailure | undefined {
  const few = fewExamples(examples);
  const invalid = Object.values(quality.invalid).reduce((total, count) => total + count, 0);
  if (invalid > quality.records * validation.maxInvalid) {
    const message = tooManyInvalid(invalid, quality, validation.maxInvalid, few[0]);
    return { error: { reason: "TooManyInvalid", message }, quality, examples: few };
  }
  if (pairs < minPairs) {
    return {
      error: { reason: "TooFewPairs", message: tooFewPairs(pairs, invalid, quality, minPairs) },
      quality,
      examples: few,
    };
  }
  return undefined;
}

function tooManyInvalid(
  invalid: number,
  { records, invalid: counts }: ProfileQuality,
  allowed: number,
  first: InvalidExample | undefined,
): string {
  const reasons = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`);
  const example = first === undefined ? "" : `; for example ${first.where}: ${first.message}`;
  return (
    `${invalid} of ${records} records are invalid (${reasons.join(", ")}), validation.maxInvalid allows ` +
    `${percent(allowed)}${example}. Mend what writes them, or raise validation.maxInvalid to ${percentAbove(invalid / records)}.`
  );
}

function tooFewPairs(pairs: number, invalid: number, quality: ProfileQuality, minPairs: number): string {
  const { records, setAside, duplicates, merged, outvoted, tied } = quality;
  const unsure =
    setAside === 0 ? "" : `${setAside} were chosen to learn from and are of prompts that are not trained on, `;
  return (
    `${records} records make ${pairs} distinct pairs, quality.minPairs asks for ${minPairs}: ${invalid} are invalid, ${unsure}` +
    `${duplicates} repeat their labeler, ${merged} agree with another labeler, ${outvoted} were outvoted, ${tied} are ` +
    "tied. Collect more, or lower quality.minPairs."
  );
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

/** Rounded up, so that the number named is one that suffices. */
function percentAbove(share: number): string {
  return `${Math.ceil(share * 100)}%`;
}
