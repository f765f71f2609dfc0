import { EPOCH_HEADER } from "../../src/api/v1alpha1/metadata.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import { readSlots, readWays } from "../../src/traffic/http-route.ts";
import { readVerdicts } from "../../src/traffic/route-kind.ts";
import { epochOf, type Slots, WHOLE } from "../../src/traffic/slots.ts";

/**
 * What must be true of every version of a canary's route, one after the other, and of each of its rules; returns what is
 * not. Versions are those of one route that nobody but the operator wrote.
 */
export function routeFaults(versions: readonly HTTPRoute[], canary: string): string[] {
  const rejected = new Set<string>();
  let before: readonly (Slots | undefined)[] = [];
  let lastRejected: string | undefined;
  return versions.flatMap((version, i) => {
    const rules = [readSlots(version, canary), ...readWays(version, canary)];
    const { stable, rejected: rejection } = readVerdicts(version);
    // An order to try it again lifts a rejection; nothing else does.
    if (rejection === undefined && lastRejected !== undefined) rejected.delete(lastRejected);
    const faults = rules.flatMap((slots, rule) => {
      const faultsOfRule = [
        ...faultsOf(slots, stable),
        ...faultsOfChange(before[rule], slots),
        ...risenAgain(before[rule], slots, rejected),
        ...stillServing(slots, rejection?.revision),
      ];
      return faultsOfRule.map((what) => `version ${i}, rule ${rule}: ${what}: ${JSON.stringify(slots)}`);
    });
    const [slots, ...ways] = rules.filter((each) => each !== undefined);
    const epochs = epochsOf(version);
    if (slots && epochs.some((epoch) => epoch !== epochOf(slots, ways)))
      faults.push(`version ${i}: answers would say they are of ${epochs}`);
    if (before.length > 0 && before.length !== rules.length)
      faults.push(`version ${i}: has ${rules.length} rules, and had ${before.length}`);
    if (rejection !== undefined) rejected.add(rejection.revision);
    lastRejected = rejection?.revision;
    before = rules;
    return faults;
  });
}

function faultsOf(slots: Slots | undefined, stable: string | undefined): string[] {
  if (slots === undefined) return ["has no two slots"];
  const faults = [];
  if (slots[0].weight + slots[1].weight !== WHOLE) faults.push("weights do not sum to the whole");
  if (!slots.some(({ revision, weight }) => revision === stable && weight > 0))
    faults.push(`stable ${stable} does not serve`);
  return faults;
}

function faultsOfChange(before: Slots | undefined, slots: Slots | undefined): string[] {
  return (before ?? []).flatMap((was, place) => {
    const is = slots?.[place];
    if (is === undefined) return [];
    const isCrossing = Math.min(was.weight, is.weight) === 0 && Math.max(was.weight, is.weight) > 1;
    return [
      ...(was.revision !== is.revision && was.weight > 0 ? [`slot ${place} changed its arm at ${was.weight}`] : []),
      ...(isCrossing ? [`slot ${place} crossed zero from ${was.weight} to ${is.weight}`] : []),
    ];
  });
}

function risenAgain(before: Slots | undefined, slots: Slots | undefined, rejected: ReadonlySet<string>): string[] {
  return (slots ?? []).flatMap(({ revision, weight }) => {
    const earlier = weightIn(before, revision);
    return rejected.has(revision) && weight > earlier ? [`rejected ${revision} rose from ${earlier} to ${weight}`] : [];
  });
}

/** The write that rejects takes the traffic, whoever it is of. */
function stillServing(slots: Slots | undefined, rejected: string | undefined): string[] {
  const weight = rejected === undefined ? 0 : weightIn(slots, rejected);
  return weight > 1 ? [`rejected ${rejected} has ${weight}`] : [];
}

function weightIn(slots: Slots | undefined, revision: string): number {
  return (slots ?? []).filter((slot) => slot.revision === revision).reduce((sum, { weight }) => sum + weight, 0);
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
