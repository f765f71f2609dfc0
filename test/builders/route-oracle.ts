import { EPOCH_HEADER } from "../../src/api/v1alpha1/metadata.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import { readSlots, readVerdicts } from "../../src/traffic/http-route.ts";
import { epochOf, WHOLE } from "../../src/traffic/slots.ts";

/**
 * What must be true of every version of a canary's route, one after the other; returns what is not. Versions are those
 * of one route that nobody but the operator wrote.
 */
export function routeFaults(versions: readonly HTTPRoute[], canary: string): string[] {
  const faults: string[] = [];
  const rejected = new Set<string>();
  let before: HTTPRoute | undefined;
  for (const [i, version] of versions.entries()) {
    const slots = readSlots(version, canary);
    const fault = (what: string) => faults.push(`version ${i}: ${what}: ${JSON.stringify(slots)}`);
    if (slots === undefined) {
      fault("has no two slots");
      continue;
    }
    const epochs = epochsOf(version);
    if (epochs.some((epoch) => epoch !== epochOf(slots))) fault(`answers would say they are of ${epochs}`);
    if (slots[0].weight + slots[1].weight !== WHOLE) fault("weights do not sum to the whole");
    const { stable } = readVerdicts(version);
    if (!slots.some(({ revision, weight }) => revision === stable && weight > 0))
      fault(`stable ${stable} does not serve`);
    const last = before && readSlots(before, canary);
    for (const place of last === undefined ? [] : ([0, 1] as const)) {
      const was = last?.[place];
      const is = slots[place];
      if (was === undefined) continue;
      if (was.revision !== is.revision && was.weight > 0)
        fault(`slot ${place} changed its arm at weight ${was.weight}`);
      const isCrossing = Math.min(was.weight, is.weight) === 0 && Math.max(was.weight, is.weight) > 1;
      if (isCrossing) fault(`slot ${place} crossed zero from ${was.weight} to ${is.weight}`);
    }
    for (const { revision, weight } of slots) {
      const earlier =
        last?.filter((slot) => slot.revision === revision).reduce((sum, slot) => sum + slot.weight, 0) ?? 0;
      if (rejected.has(revision) && weight > earlier) fault(`rejected ${revision} rose from ${earlier} to ${weight}`);
    }
    const rejection = readVerdicts(version).rejected?.revision;
    if (rejection !== undefined) rejected.add(rejection);
    before = version;
  }
  return faults;
}

/** What the answers of each backend say. */
function epochsOf({ spec }: HTTPRoute): (string | undefined)[] {
  const backends = (spec.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs);
  return backends.map(({ filters = [] }) => {
    const set = filters.flatMap((filter) =>
      filter.type === "ResponseHeaderModifier" ? (filter.responseHeaderModifier.set ?? []) : [],
    );
    return set.find(({ name }) => name === EPOCH_HEADER)?.value;
  });
}
