import type { StoredPreference } from "../../../src/api/contracts/collector-api.ts";
import type { ProfileDependencies } from "../../../src/dataset/profile.ts";

/** A preference as the collector stores it; `sequence` also makes its id and, unless given, its texts. */
export function preference(sequence: number, fields: Partial<StoredPreference> = {}): StoredPreference {
  return {
    sequence,
    id: `p-${sequence}`,
    at: "2026-03-01T12:00:00.000Z",
    prompt: `Question ${sequence}?`,
    chosen: `A good answer to ${sequence}.`,
    rejected: `A bad answer to ${sequence}.`,
    labeler: null,
    labeledAt: null,
    cohort: null,
    ...fields,
  };
}

/** A collector that holds these preferences and nothing else. */
export function collectorWith(preferences: Iterable<StoredPreference>): ProfileDependencies["collector"] {
  return {
    async *streamPreferences() {
      yield* preferences;
    },
  };
}
