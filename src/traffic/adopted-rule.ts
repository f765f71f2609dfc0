import * as z from "zod";
import { ANNOTATION, ARM_HEADER, EPOCH_HEADER } from "../api/v1alpha1/metadata.ts";
import type { HTTPBackendRef, HTTPRoute, HTTPRouteRule } from "../kube/gateway-api.ts";
import { backendRef, mark, readRule } from "./http-rules.ts";
import { armName } from "./names.ts";
import { type Arms, ORIGINAL } from "./route-kind.ts";
import { epochOf, type Slots } from "./slots.ts";

/** The one rule of Git's HTTPRoute that a canary writes, and what Git has in it. */
export interface AdoptedRule {
  readonly index: number;
  readonly rule: HTTPRouteRule;
  readonly slots?: Slots;
  /** The backend that Git names; absent when somebody has taken off the annotation that remembered it. */
  readonly original?: HTTPBackendRef;
  /** Why what Git has there by now could not be adopted, in words: then `original` is what it had before. */
  readonly unfit?: string;
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
  const remembered = readMark(route)?.backendRefs[0];
  const isTaken = (rule: HTTPRouteRule) => isOurs(rule, canary, remembered);
  const place = placeOf(rules, name, isTaken);
  if (typeof place === "string") return { problem: place };
  const [index, rule] = place;
  if (isTaken(rule)) return withSlots({ index, rule }, canary, remembered);
  const problem = whyNotAdoptable(rule);
  if (problem !== undefined)
    return remembered === undefined
      ? { problem: `its rule ${problem}` }
      : { index, rule, original: remembered, unfit: problem };
  const [original] = rule.backendRefs ?? [];
  return { index, rule, ...(original && { original }) };
}

/** Where Git has renamed the rule, or added others, after it was adopted, it is the one that leads to the arms. */
function placeOf(
  rules: readonly HTTPRouteRule[],
  name: string | undefined,
  isTaken: (rule: HTTPRouteRule) => boolean,
): readonly [number, HTTPRouteRule] | string {
  const isMeant = (rule: HTTPRouteRule) => (name === undefined ? rules.length === 1 : rule.name === name);
  const numbered = [...rules.entries()];
  const meant = numbered.find(([, rule]) => isMeant(rule));
  const [taken, another] = numbered.filter(([, rule]) => isTaken(rule));
  return meant ?? (another === undefined ? taken : undefined) ?? whyNotFound(rules, name);
}

function whyNotFound(rules: readonly HTTPRouteRule[], name: string | undefined): string {
  if (name === undefined) return `it has ${rules.length} rules: name the one that is meant, and say so in adopt.rule`;
  const problem = `it has no rule named ${name}: give the rule that name, or create the canary anew with another adopt.rule`;
  if (rules.some((rule) => rule.name !== undefined)) return problem;
  return `${problem}. None of its rules has a name: the standard CRDs of Gateway API keep names from v1.4 on; with older ones give the rule an HTTPRoute of its own, and leave adopt.rule out`;
}

function withSlots(
  found: Pick<AdoptedRule, "index" | "rule">,
  canary: string,
  original: HTTPBackendRef | undefined,
): AdoptedRule {
  const refs = found.rule.backendRefs ?? [];
  const slots = readRule(found.rule, canary)?.map((slot, i) => {
    // Git's may be called as an arm is, and then the mark tells.
    const isOriginal = refs[i]?.name === original?.name && markedArm(refs[i]) !== slot.revision;
    return isOriginal ? { ...slot, revision: ORIGINAL } : slot;
  });
  const [first, second] = slots ?? [];
  return { ...found, ...(original && { original }), ...(first && second && { slots: [first, second] }) };
}

/** There are two slots, and both are to do the same to a request. */
function whyNotAdoptable({ backendRefs = [] }: HTTPRouteRule): string | undefined {
  const [ref, ...others] = backendRefs;
  if (ref === undefined || others.length > 0)
    return `has ${backendRefs.length} backendRefs, and exactly one can be taken over: that of the Service that serves now`;
  if ((ref.group || "") !== "" || (ref.kind ?? "Service") !== "Service")
    return `leads to an object of kind ${ref.kind}, and only a Service can be taken over`;
  const [filter] = ref.filters ?? [];
  if (filter !== undefined)
    return `has a ${filter.type} in its backendRef, which the arms of the canary would not have: move it to the rule's filters`;
  return undefined;
}

/** It leads to one of the canary's arms, or to Git's own backend with the canary's marks. */
function isOurs({ backendRefs = [] }: HTTPRouteRule, canary: string, remembered: HTTPBackendRef | undefined): boolean {
  // Where nobody knows any more what Git had, one backend without a mark is taken for it, whatever its name.
  const original = remembered ?? (backendRefs.length === 1 ? backendRefs[0] : undefined);
  return backendRefs.some((ref) => markedArm(ref) !== undefined || (ref.name !== original?.name && isArm(ref, canary)));
}

function isArm({ name }: HTTPBackendRef, canary: string): boolean {
  const prefix = armName(canary, "");
  return name.startsWith(prefix) && /^[0-9a-f]{10}$/.test(name.slice(prefix.length));
}

/** What answers by this backend say of who gave them; undefined where the canary's marks are not on it. */
function markedArm(ref: HTTPBackendRef | undefined): string | undefined {
  const marks = (ref?.filters ?? []).flatMap((filter) =>
    filter.type === "ResponseHeaderModifier" ? (filter.responseHeaderModifier.set ?? []) : [],
  );
  const isMarked = marks.some(({ name }) => name === EPOCH_HEADER);
  return isMarked ? marks.find(({ name }) => name === ARM_HEADER)?.value : undefined;
}

/** The rule's backends for these slots; Git's own keeps all that Git says of it. */
export function slotRefs(arms: Arms, slots: Slots, original?: HTTPBackendRef): readonly HTTPBackendRef[] {
  const epoch = epochOf(slots);
  return slots.map((slot) => {
    const responseHeaderModifier = { set: mark(slot, epoch) };
    if (slot.revision !== ORIGINAL || original === undefined) return backendRef(arms, slot, responseHeaderModifier);
    return { ...original, weight: slot.weight, filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier }] };
  });
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
