import * as z from "zod";
import { ANNOTATION, EPOCH_HEADER } from "../api/v1alpha1/metadata.ts";
import type { HTTPBackendRef, HTTPRoute, HTTPRouteFilter, HTTPRouteRule } from "../kube/gateway-api.ts";
import { backendRef, mark, readRule } from "./http-rules.ts";
import { armName, samplerName } from "./names.ts";
import { type Arms, ORIGINAL } from "./route-kind.ts";
import { epochOf, type Slots } from "./slots.ts";

/** The one rule of Git's HTTPRoute that a canary writes, and what Git has in it. */
export interface AdoptedRule {
  readonly index: number;
  readonly rule: HTTPRouteRule;
  readonly slots?: Slots;
  /** The backend that Git names; absent when somebody has taken off the annotation that remembered it. */
  readonly original?: HTTPBackendRef;
}

/** Why there is no such rule, or none that can be adopted, in words. */
export interface Unadoptable {
  readonly problem: string;
}

/** What a canary leaves on the route that it has adopted. */
export interface Mark {
  readonly canary: string;
  readonly backendRefs: readonly HTTPBackendRef[];
}

const Mark: z.ZodType<Mark> = z.object({
  canary: z.string(),
  backendRefs: z.array(z.custom<HTTPBackendRef>((value) => z.object({ name: z.string() }).safeParse(value).success)),
});

/** Undefined when there is none, or when somebody has spoilt it. */
export function readMark({ metadata }: HTTPRoute): Mark | undefined {
  try {
    return Mark.safeParse(JSON.parse(metadata.annotations?.[ANNOTATION.adopted] ?? "")).data;
  } catch {
    return undefined;
  }
}

/** The rule, or why it cannot be adopted, in words. `name`: of the rule; where unset the route has only one. */
export function findRule(route: HTTPRoute, canary: string, name: string | undefined): AdoptedRule | Unadoptable {
  const { rules = [] } = route.spec;
  const index = name === undefined ? 0 : rules.findIndex((each) => each.name === name);
  const rule = rules[index];
  if (name === undefined && rules.length !== 1)
    return { problem: `it has ${rules.length} rules: name the one that is meant, and say so in adopt.rule` };
  if (rule === undefined)
    return { problem: `it has no rule named ${name}: give the rule that name, or change adopt.rule` };
  const remembered = readMark(route)?.backendRefs[0];
  const isGits = !(rule.backendRefs ?? []).some((ref) => isOurs(ref, canary));
  if (!isGits) return withSlots({ index, rule }, canary, remembered);
  const [ref] = rule.backendRefs ?? [];
  const problem = whyNotAdoptable(rule);
  const original = problem === undefined ? ref : remembered;
  return original === undefined ? { problem: `its rule ${problem}` } : { index, rule, original };
}

function withSlots(
  found: Pick<AdoptedRule, "index" | "rule">,
  canary: string,
  original: HTTPBackendRef | undefined,
): AdoptedRule {
  const slots = readRule(found.rule, canary)?.map((slot) =>
    slot.revision === original?.name ? { ...slot, revision: ORIGINAL } : slot,
  );
  const [first, second] = slots ?? [];
  return { ...found, ...(original && { original }), ...(first && second && { slots: [first, second] }) };
}

/** Answers are marked by one filter, and there are two slots. */
function whyNotAdoptable({ backendRefs = [] }: HTTPRouteRule): string | undefined {
  const [ref, ...others] = backendRefs;
  if (ref === undefined || others.length > 0)
    return `has ${backendRefs.length} backendRefs, and exactly one can be taken over: that of the Service that serves now`;
  if ((ref.group || "") !== "" || (ref.kind ?? "Service") !== "Service")
    return `leads to an object of kind ${ref.kind}, and only a Service can be taken over`;
  if ((ref.filters ?? []).some(({ type }) => type === "ResponseHeaderModifier"))
    return "has a ResponseHeaderModifier in its backendRef, where the operator needs its own: move it to the rule's filters";
  return undefined;
}

/** It leads to one of the canary's arms, or to Git's own backend with the canary's marks. */
function isOurs({ name, filters = [] }: HTTPBackendRef, canary: string): boolean {
  const isArm = name.startsWith(armName(canary, "")) && /^[0-9a-f]{10}$/.test(name.slice(armName(canary, "").length));
  return isArm || filters.some((filter) => filter.type === "ResponseHeaderModifier" && isMark(filter));
}

function isMark(filter: Extract<HTTPRouteFilter, { readonly type: "ResponseHeaderModifier" }>): boolean {
  return filter.responseHeaderModifier.set?.some(({ name }) => name === EPOCH_HEADER) ?? false;
}

/** The rule's backends for these slots; Git's own keeps all that Git says of it. */
export function slotRefs(arms: Arms, slots: Slots, original?: HTTPBackendRef): readonly HTTPBackendRef[] {
  const epoch = epochOf(slots);
  return slots.map((slot) => {
    const responseHeaderModifier = { set: mark(slot, epoch) };
    if (slot.revision !== ORIGINAL || original === undefined) return backendRef(arms, slot, responseHeaderModifier);
    const filters = [...(original.filters ?? []), { type: "ResponseHeaderModifier", responseHeaderModifier } as const];
    return { ...original, weight: slot.weight, filters };
  });
}

/** The rule's filters without the mirror to the sampler. */
export function gitsFilters({ filters = [] }: HTTPRouteRule, canary: string): readonly HTTPRouteFilter[] {
  const isMirror = (filter: HTTPRouteFilter) =>
    filter.type === "RequestMirror" && filter.requestMirror.backendRef.name === samplerName(canary);
  return filters.filter((filter) => !isMirror(filter));
}

/** What every request that the rule takes may begin with; undefined when it takes only some of any path. */
export function openPrefix({ matches = [] }: HTTPRouteRule): string | undefined {
  const isOpen = (match: object) => Object.keys(match).every((key) => key === "path");
  const prefixes = matches.filter(isOpen).flatMap(({ path }) => {
    const { type, value } = path ?? { type: "PathPrefix", value: "/" };
    return type === "PathPrefix" ? [value] : [];
  });
  return prefixes[0]?.replace(/\/$/, "");
}
