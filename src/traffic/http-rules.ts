import { ARM_HEADER, EPOCH_HEADER } from "../api/v1alpha1/metadata.ts";
import type {
  BackendObjectReference,
  HeaderModifier,
  HTTPBackendRef,
  HTTPRoute,
  HTTPRouteFilter,
  HTTPRouteRule,
} from "../kube/gateway-api.ts";
import { armName, samplerName } from "./names.ts";
import type { Arms } from "./route-kind.ts";
import type { Slot, Slots } from "./slots.ts";

/** Slots as backends of an HTTPRoute's rules. */

/** Port of the sampler's Service. */
export const SAMPLER_PORT = 8080;

/** Answers say which arm gave them, and by which weights. */
export function mark({ revision }: Slot, epoch: string, header = ARM_HEADER): HeaderModifier["set"] {
  return [
    { name: header, value: revision },
    { name: EPOCH_HEADER, value: epoch },
  ];
}

export function backendRef({ canary, port }: Arms, { revision, weight }: Slot, marks: HeaderModifier): HTTPBackendRef {
  return {
    ...service(armName(canary, revision), port),
    weight,
    filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: marks }],
  };
}

/** A copy of so many percent of the requests goes to the sampler. */
export function mirror(canary: string, percent: number | undefined): HTTPRouteFilter[] {
  if (percent === undefined) return [];
  const backendRef = service(samplerName(canary), SAMPLER_PORT);
  return [{ type: "RequestMirror", requestMirror: { backendRef, percent } }];
}

/** The rule as it has to stand: what is null would have it miss requests that it is to take, or send them elsewhere. */
export function exactly({ matches = [], backendRefs = [], ...rule }: HTTPRouteRule): object {
  return {
    ...rule,
    matches: matches.map((match) => ({ headers: null, queryParams: null, method: null, ...match })),
    backendRefs: exactRefs(backendRefs),
  };
}

export function exactRefs(refs: readonly HTTPBackendRef[]): readonly object[] {
  return refs.map((ref) => ({ namespace: null, ...ref }));
}

/** The rule's filters without the mirror to the sampler. */
export function othersFilters({ filters = [] }: HTTPRouteRule, canary: string): readonly HTTPRouteFilter[] {
  const isMirror = (filter: HTTPRouteFilter) =>
    filter.type === "RequestMirror" && filter.requestMirror.backendRef.name === samplerName(canary);
  return filters.filter((filter) => !isMirror(filter));
}

function service(name: string, port: number) {
  return { group: "", kind: "Service", name, port };
}

/** The slots of a rule; undefined when a stranger has made something else of it. */
export function readRule(rule: HTTPRouteRule | undefined, canary: string): Slots | undefined {
  const [first, second, third] = (rule?.backendRefs ?? []).map((ref) => readSlot(ref, canary));
  return first === undefined || second === undefined || third !== undefined ? undefined : [first, second];
}

function readSlot({ name, weight = 1 }: HTTPBackendRef, canary: string): Slot {
  const prefix = armName(canary, "");
  return { revision: name.startsWith(prefix) ? name.slice(prefix.length) : name, weight };
}

/** Every Service of its namespace that the route sends anything to, mirrored requests included. */
export function namedServices({ metadata, spec }: HTTPRoute): ReadonlySet<string> {
  const rules = spec.rules ?? [];
  const backends = rules.flatMap(({ backendRefs = [] }) => backendRefs);
  const mirrors = rules.flatMap(({ filters = [] }) =>
    filters.flatMap((filter) => (filter.type === "RequestMirror" ? [filter.requestMirror.backendRef] : [])),
  );
  const isNear = ({ namespace }: BackendObjectReference) => (namespace || metadata.namespace) === metadata.namespace;
  return new Set([...backends, ...mirrors].filter(isNear).map(({ name }) => name));
}

/** "assistant-7c9f01ab23 at 1, assistant-b41a9d5c02 at 9 for assistant.example.com" */
export function wordsOf(rules: readonly HTTPRouteRule[], hostnames: readonly string[] | undefined): string {
  const backends = rules.flatMap(({ backendRefs = [] }) => backendRefs);
  const weights = backends.map(({ name, weight = 1 }) => `${name} at ${weight}`).join(", ") || "no backend";
  return `${weights} for ${hostnames?.join(", ") || "every host name"}`;
}
