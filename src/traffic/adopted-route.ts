import { ANNOTATION, MANAGED_BY } from "../api/v1alpha1/metadata.ts";
import type { HTTPRoute, HTTPRouteFilter, HTTPRouteRule } from "../kube/gateway-api.ts";
import type { Stored } from "../kube/object.ts";
import { covers } from "../runtime/covers.ts";
import { type AdoptedRule, findRule, gitsFilters, openPrefix, readMark, slotRefs } from "./adopted-rule.ts";
import { unservedReason } from "./http-route.ts";
import { mirror, namedServices, wordsOf } from "./http-rules.ts";
import {
  type Adoption,
  type Arms,
  type JsonPatch,
  ORIGINAL,
  type RouteIntent,
  type RouteKind,
  type RouteReading,
  type RouteWrite,
  readVerdicts,
  verdictAnnotations,
} from "./route-kind.ts";

/** Which rule of which HTTPRoute; the only one where none is named. */
export interface Adopted {
  readonly name: string;
  readonly rule?: string;
}

/**
 * An HTTPRoute that Git owns. Of it the canary writes the backends and the mirror of one rule, and its own annotations, by
 * JSON patch: whoever applies a rule owns the whole list of rules.
 */
export function adoptedRoute(arms: Arms, adopted: Adopted): RouteKind<HTTPRoute> {
  const { canary, namespace } = arms;
  const found = (route: HTTPRoute) => findRule(route, canary, adopted.rule);
  const key = { name: adopted.name, namespace };

  function rulesWith(standing: HTTPRoute, { index, rule }: AdoptedRule, change: HTTPRouteRule): HTTPRouteRule[] {
    return (standing.spec.rules ?? []).map((other, i) => (i === index ? { ...rule, ...change } : other));
  }

  function wanted(intent: RouteIntent, standing: Stored<HTTPRoute> | undefined) {
    if (standing === undefined) throw new Error(`there is no HTTPRoute ${adopted.name} to be adopted`);
    const rule = found(standing);
    if ("problem" in rule) throw new Error(`HTTPRoute ${adopted.name} cannot be adopted: ${rule.problem}`);
    const backendRefs = slotRefs(arms, intent.slots, rule.original);
    const filters = [...gitsFilters(rule.rule, canary), ...mirror(canary, intent.mirrorPercent)];
    return { rule, backendRefs, filters, annotations: annotationsOf(canary, intent, rule) };
  }

  return {
    kind: "HTTPRoute",
    name: adopted.name,
    isGits: true,
    read: (object) => read(arms, found(object), object),
    wanted(intent, standing) {
      const { rule, backendRefs, filters, annotations } = wanted(intent, standing);
      const rules = standing === undefined ? [] : rulesWith(standing, rule, { backendRefs, filters });
      return { metadata: { ...key, annotations }, spec: { rules } };
    },
    write(intent, standing, isConditional) {
      const { rule, backendRefs, filters, annotations } = wanted(intent, standing);
      const body = [
        ...(isConditional ? asSeen(standing) : asNamed(standing, rule)),
        ...annotationChanges(standing, annotations),
        { op: "add", path: `/spec/rules/${rule.index}/backendRefs`, value: backendRefs },
        // What Git may have changed of the filters since is not to be lost for it.
        ...(isConditional ? filterChange(rule, filters) : []),
      ];
      return { type: "Patch", kind: "HTTPRoute", key, body };
    },
    giveBack: (standing) => giveBack(found(standing), standing, canary),
    askable(object) {
      const rule = found(object);
      const pathPrefix = "problem" in rule ? undefined : openPrefix(rule.rule);
      if (pathPrefix !== undefined) return { object, pathPrefix };
      return { problem: `no match of the rule of HTTPRoute ${adopted.name} takes all requests under a path` };
    },
  };
}

function read({ canary, ...arms }: Arms, found: ReturnType<typeof findRule>, object: Stored<HTTPRoute>): RouteReading {
  const verdicts = readVerdicts(object);
  const mark = readMark(object);
  const slots = "problem" in found ? undefined : found.slots;
  const isOurs = mark === undefined ? slots !== undefined : mark.canary === canary;
  const unserved = unservedReason(object);
  return {
    isOurs,
    ...(isOurs && slots && { slots }),
    ways: [],
    ...(isOurs && verdicts),
    names: namedServices(object),
    isSpoilt: isOurs && verdicts.stable !== undefined && !isAsWritten({ canary, ...arms }, found),
    isAttached: true,
    words: wordsOf("problem" in found ? [] : [found.rule], object.spec.hostnames),
    ...(unserved !== undefined && { unserved }),
    adoption: { ...adoptionOf(found, object, isOurs, mark?.canary), isMarked: mark !== undefined },
  };
}

function adoptionOf(
  found: ReturnType<typeof findRule>,
  { metadata }: HTTPRoute,
  isOurs: boolean,
  owner: string | undefined,
): Pick<Adoption, "problem" | "original"> {
  const isManaged = Object.entries(MANAGED_BY).every(([label, value]) => metadata.labels?.[label] === value);
  if (owner !== undefined && !isOurs) return { problem: `PreferenceCanary ${owner} has adopted it` };
  if (isManaged) return { problem: "it is another PreferenceCanary's own" };
  if ("problem" in found) return found;
  if (found.original === undefined) return {};
  const { name, namespace = metadata.namespace ?? "", port = 80 } = found.original;
  return { original: { name, namespace, port } };
}

/** But for the mirror, which comes and goes with the sampler. */
function isAsWritten(arms: Arms, found: ReturnType<typeof findRule>): boolean {
  if ("problem" in found || found.slots === undefined) return false;
  return covers(found.rule.backendRefs, slotRefs(arms, found.slots, found.original));
}

function annotationsOf(canary: string, { stable, rejected }: RouteIntent, { original }: AdoptedRule) {
  const verdicts = verdictAnnotations({ stable, ...(rejected && { rejected }) });
  const { [ANNOTATION.stable]: _none, ...unserved } = verdicts;
  const mark = JSON.stringify({ canary, backendRefs: original ? [original] : [] });
  return { ...(stable === ORIGINAL ? unserved : verdicts), [ANNOTATION.adopted]: mark };
}

/** Refused with a conflict unless the route is the one that was seen. */
function asSeen(standing: Stored<HTTPRoute> | undefined): JsonPatch {
  return [{ op: "replace", path: "/metadata/resourceVersion", value: standing?.metadata.resourceVersion }];
}

/** The place in the list must still be the rule that is meant, whatever else has changed. */
function asNamed(standing: Stored<HTTPRoute> | undefined, { index, rule }: AdoptedRule): JsonPatch {
  const member = rule.name === undefined ? "matches" : "name";
  return [
    { op: "test", path: "/metadata/uid", value: standing?.metadata.uid },
    { op: "test", path: `/spec/rules/${index}/${member}`, value: rule[member] },
  ];
}

const OURS = [ANNOTATION.stable, ANNOTATION.rejected, ANNOTATION.rejectedReason, ANNOTATION.adopted];

function annotationChanges(
  standing: HTTPRoute | undefined,
  wanted: Readonly<Record<string, string | undefined>>,
): JsonPatch {
  const stands = standing?.metadata.annotations;
  const path = "/metadata/annotations";
  if (stands === undefined) return [{ op: "add", path, value: wanted }];
  return OURS.flatMap((key) => {
    const member = `${path}/${key.replace("/", "~1")}`;
    if (wanted[key] !== undefined) return [{ op: "add", path: member, value: wanted[key] }];
    return stands[key] === undefined ? [] : [{ op: "remove", path: member }];
  });
}

/** An empty list is none: Git may have none. */
function filterChange({ index, rule }: AdoptedRule, filters: readonly HTTPRouteFilter[]): JsonPatch {
  const path = `/spec/rules/${index}/filters`;
  if (filters.length > 0) return [{ op: "add", path, value: filters }];
  return rule.filters === undefined ? [] : [{ op: "remove", path }];
}

/** What Git had in the rule. The mark stays: with it goes, at the very end, what the API server knows of who wrote the rule. */
function giveBack(
  found: ReturnType<typeof findRule>,
  standing: Stored<HTTPRoute>,
  canary: string,
): RouteWrite | undefined {
  if ("problem" in found || found.original === undefined) return undefined;
  const { index, rule, original } = found;
  const filters = gitsFilters(rule, canary);
  const isFiltered = filters.length !== (rule.filters ?? []).length;
  const isGits = covers(rule.backendRefs, [original]) && !isFiltered && readVerdicts(standing).stable === undefined;
  if (isGits) return undefined;
  const kept = { [ANNOTATION.adopted]: standing.metadata.annotations?.[ANNOTATION.adopted] };
  const body = [
    ...asSeen(standing),
    ...annotationChanges(standing, kept),
    { op: "add", path: `/spec/rules/${index}/backendRefs`, value: [original] },
    ...filterChange(found, filters),
  ];
  const { name, namespace } = standing.metadata;
  return { type: "Patch", kind: "HTTPRoute", key: { name, namespace }, body };
}

interface ManagedFields {
  readonly manager?: string;
}

/** Takes our mark off the route, and us off the list of those who have written it. `standing` is a live read. */
export function letGoPatch({ metadata }: Stored<HTTPRoute>, manager: string): JsonPatch {
  const { managedFields = [] } = metadata as typeof metadata & { readonly managedFields?: readonly ManagedFields[] };
  const others = managedFields.filter((entry) => entry.manager !== manager);
  return [
    { op: "replace", path: "/metadata/resourceVersion", value: metadata.resourceVersion },
    ...annotationChanges({ metadata, spec: {} }, {}),
    { op: "replace", path: "/metadata/managedFields", value: others },
  ];
}
