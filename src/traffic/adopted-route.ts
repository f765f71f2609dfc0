import { ANNOTATION } from "../api/v1alpha1/metadata.ts";
import type { HTTPRoute, HTTPRouteFilter } from "../kube/gateway-api.ts";
import type { Stored } from "../kube/object.ts";
import { covers } from "../runtime/covers.ts";
import { annotationChange, asNamed, asSeen, backendChange, filterChange } from "./adopted-patch.ts";
import { type AdoptedRule, findRule, openPrefix, readMark, slotRefs, type Unadoptable } from "./adopted-rule.ts";
import { unservedReason } from "./http-route.ts";
import { exactRefs, mirror, namedServices, othersFilters, wordsOf } from "./http-rules.ts";
import {
  type Adoption,
  type Arms,
  isManaged,
  type JsonPatch,
  ORIGINAL,
  type RouteIntent,
  type RouteKind,
  type RouteReading,
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
export function adoptedRoute(arms: Arms, { name, rule: ruleName }: Adopted): RouteKind<HTTPRoute> {
  const find = (route: HTTPRoute) => findRule(route, arms.canary, ruleName);
  const patch = ({ metadata }: HTTPRoute, body: JsonPatch) => {
    const key = { name, namespace: metadata.namespace };
    return { type: "Patch", kind: "HTTPRoute", key, body } as const;
  };
  return {
    kind: "HTTPRoute",
    name,
    isGits: true,
    read: (route) => read(arms, find(route), route),
    wanted(intent, standing) {
      const { route, rule } = adoptable(find, standing, name);
      return wholeRoute(route, rule, partsOf(arms, intent, rule));
    },
    write(intent, standing, isConditional) {
      const { route, rule } = adoptable(find, standing, name);
      return patch(route, changes(route, rule, partsOf(arms, intent, rule), isConditional));
    },
    giveBack(route) {
      const body = changesBack(find(route), route, arms.canary);
      return body && patch(route, body);
    },
    askable(route) {
      const rule = find(route);
      const pathPrefix = "problem" in rule ? undefined : openPrefix(rule.rule);
      if (pathPrefix !== undefined) return { object: route, pathPrefix };
      return { problem: `no match of the rule of HTTPRoute ${name} takes all requests under a path` };
    },
  };
}

/** Whoever writes has read before whether it can be: this is for the types alone. */
function adoptable(
  find: (route: HTTPRoute) => AdoptedRule | Unadoptable,
  route: Stored<HTTPRoute> | undefined,
  name: string,
) {
  const rule = route === undefined ? { problem: "it is not there" } : find(route);
  if (route === undefined || "problem" in rule)
    throw new Error(`HTTPRoute ${name} cannot be adopted: ${"problem" in rule ? rule.problem : ""}`);
  return { route, rule };
}

/** As much of the route as is the canary's. */
interface Parts {
  readonly backendRefs: ReturnType<typeof slotRefs>;
  readonly filters: readonly HTTPRouteFilter[];
  readonly annotations: Readonly<Record<string, string>>;
}

function partsOf(arms: Arms, intent: RouteIntent, rule: AdoptedRule): Parts {
  const { slots, mirrorPercent, stable } = intent;
  const { canary } = arms;
  const { original } = rule;
  const mark = JSON.stringify({ canary, backendRefs: original ? [original] : [] });
  const { [ANNOTATION.stable]: served, ...rest } = verdictAnnotations(intent);
  const isServing = served !== undefined && stable !== ORIGINAL;
  return {
    backendRefs: slotRefs(arms, slots, original),
    filters: [...othersFilters(rule.rule, canary), ...mirror(canary, mirrorPercent)],
    annotations: { ...rest, ...(isServing && { [ANNOTATION.stable]: served }), [ANNOTATION.adopted]: mark },
  };
}

function wholeRoute(
  { metadata: { name, namespace }, spec }: Stored<HTTPRoute>,
  { index, rule }: AdoptedRule,
  { backendRefs, filters, annotations }: Parts,
): object {
  const ours = { ...rule, backendRefs: exactRefs(backendRefs), filters };
  const rules = (spec.rules ?? []).map((other, i) => (i === index ? ours : other));
  return { metadata: { name, namespace, annotations }, spec: { rules } };
}

function changes(
  route: Stored<HTTPRoute>,
  rule: AdoptedRule,
  { backendRefs, filters, annotations }: Parts,
  isConditional: boolean,
): JsonPatch {
  return [
    ...(isConditional ? asSeen(route) : asNamed(route, rule)),
    ...annotationChange(route, annotations),
    ...backendChange(rule, backendRefs),
    // What Git may have changed of the filters since is not to be lost for it.
    ...(isConditional ? filterChange(rule, filters) : []),
  ];
}

/**
 * To what Git had in the rule; undefined when it stands so. The mark stays: with it goes, at the very end, what the API
 * server knows of who wrote the rule.
 */
function changesBack(rule: AdoptedRule | Unadoptable, route: Stored<HTTPRoute>, canary: string): JsonPatch | undefined {
  if ("problem" in rule || rule.original === undefined) return undefined;
  const filters = othersFilters(rule.rule, canary);
  const isMirrored = filters.length !== (rule.rule.filters ?? []).length;
  const isGits = covers(rule.rule.backendRefs, [rule.original]) && readVerdicts(route).stable === undefined;
  if (isGits && !isMirrored) return undefined;
  const mark = { [ANNOTATION.adopted]: route.metadata.annotations?.[ANNOTATION.adopted] };
  return [
    ...asSeen(route),
    ...annotationChange(route, mark),
    ...backendChange(rule, [rule.original]),
    ...filterChange(rule, filters),
  ];
}

function read(arms: Arms, rule: AdoptedRule | Unadoptable, route: Stored<HTTPRoute>): RouteReading {
  const mark = readMark(route);
  const slots = "problem" in rule ? undefined : rule.slots;
  const isOurs = mark === undefined ? slots !== undefined : mark.canary === arms.canary;
  const verdicts = isOurs ? readVerdicts(route) : {};
  const unserved = unservedReason(route);
  return {
    isOurs,
    ...(isOurs && slots && { slots }),
    ways: [],
    ...verdicts,
    names: namedServices(route),
    isSpoilt: verdicts.stable !== undefined && !isAsWritten(arms, rule),
    isAttached: true,
    words: wordsOfRule(rule, route),
    ...(unserved !== undefined && { unserved }),
    adoption: { isMarked: mark !== undefined, ...adoptionOf(arms.canary, rule, route, mark?.canary) },
  };
}

function wordsOfRule(rule: AdoptedRule | Unadoptable, { spec }: HTTPRoute): string {
  if ("problem" in rule) return wordsOf([], spec.hostnames);
  const rest = rule.unfit === undefined ? "" : `, which the canary cannot take over: the rule ${rule.unfit}`;
  return `${wordsOf([rule.rule], spec.hostnames)}${rest}`;
}

function adoptionOf(
  canary: string,
  rule: AdoptedRule | Unadoptable,
  route: HTTPRoute,
  owner: string | undefined,
): Omit<Adoption, "isMarked"> {
  if (owner !== undefined && owner !== canary) return { problem: `PreferenceCanary ${owner} has adopted it` };
  if (isManaged(route)) return { problem: "it is another PreferenceCanary's own" };
  if ("problem" in rule) return rule;
  if (rule.original === undefined) return {};
  const { name, namespace = route.metadata.namespace ?? "", port = 80 } = rule.original;
  return { original: { name, namespace, port } };
}

/** But for the mirror, which comes and goes with the sampler. */
function isAsWritten(arms: Arms, rule: AdoptedRule | Unadoptable): boolean {
  if ("problem" in rule || rule.slots === undefined) return false;
  return covers(rule.rule.backendRefs, exactRefs(slotRefs(arms, rule.slots, rule.original)));
}
