import { ANNOTATION, LABEL, MANAGED_BY, TESTED_ARM_HEADER } from "../api/v1alpha1/metadata.ts";
import type { Applied } from "../kube/client.ts";
import type { HTTPRoute, HTTPRouteRule, ParentReference } from "../kube/gateway-api.ts";
import { covers } from "../runtime/covers.ts";
import { backendRef, exactly, mark, mirror, namedServices, othersFilters, readRule, wordsOf } from "./http-rules.ts";
import {
  type Arms,
  applied,
  isOwn,
  type RouteIntent,
  type RouteKind,
  readVerdicts,
  verdictAnnotations,
} from "./route-kind.ts";
import { overshadowedBy } from "./route-precedence.ts";
import { epochOf, type Slots } from "./slots.ts";
import { type Asked, matchesOf, sessionCookie, type Way, waysOf } from "./ways.ts";

/** What the route is attached to, as the canary says it. */
export interface Attachment {
  readonly parentRefs: readonly { readonly name: string; readonly namespace?: string; readonly sectionName?: string }[];
  readonly hostnames: readonly string[];
}

/** An HTTPRoute named as the canary, which is the operator's own. */
export function ownedRoute(arms: Arms, attachment: Attachment): RouteKind<HTTPRoute> {
  const { canary: name } = arms;
  return {
    kind: "HTTPRoute",
    name,
    read(object, others) {
      const slots = readSlots(object, name);
      const unserved = unservedReason(object) ?? overshadowedBy(object, others);
      return {
        isOurs: isOurs(object),
        ...(slots && { slots }),
        ways: readWays(object, name),
        ...readVerdicts(object),
        names: namedServices(object),
        isSpoilt: !isAsWritten(arms, slots, object),
        isAttached: covers(object.spec, exactAttachment(attachment)),
        words: wordsOf(object.spec.rules ?? [], object.spec.hostnames),
        ...(unserved !== undefined && { unserved }),
      };
    },
    wanted: (intent) => exactRoute(httpRoute(arms, attachment, intent), attachment),
    write: (intent, standing, isConditional) =>
      applied("HTTPRoute", httpRoute(arms, attachment, intent), standing, isConditional),
    askable: (object) => ({ object }),
  };
}

/** The route as it is applied. What the API server would fill in is spelt out, so that it can be compared with what stands. */
function httpRoute(arms: Arms, { parentRefs, hostnames }: Attachment, intent: RouteIntent): Applied<HTTPRoute> {
  const { canary, namespace } = arms;
  return {
    metadata: {
      name: canary,
      namespace,
      labels: { ...MANAGED_BY, [LABEL.canary]: canary },
      annotations: verdictAnnotations(intent),
    },
    spec: {
      parentRefs: parentRefs.map(parentRef),
      hostnames,
      rules: [ruleForEverybody(arms, intent), ...rulesForWays(arms, intent)],
    },
  };
}

function exactRoute({ metadata, spec: { rules = [] } = {} }: Applied<HTTPRoute>, attachment: Attachment): object {
  return { metadata, spec: { ...exactAttachment(attachment), rules: rules.map(exactly) } };
}

/** Without what a canary has said before: a listener that it names no more is not to stay. */
function exactAttachment({ parentRefs, hostnames }: Attachment): object {
  const nowhereElse = { namespace: null, sectionName: null, port: null };
  return { parentRefs: parentRefs.map((ref) => ({ ...nowhereElse, ...parentRef(ref) })), hostnames };
}

function ruleForEverybody(arms: Arms, { slots, ways, asked, mirrorPercent }: RouteIntent): HTTPRouteRule {
  return { ...slotsRule(arms, slots, ways, asked), filters: mirror(arms.canary, mirrorPercent) };
}

/**
 * The rule for everybody, but for the mirror. It follows from the slots, but for a session's cookie, so whatever else
 * stands was written by somebody else.
 */
function slotsRule(arms: Arms, slots: Slots, ways: readonly (Slots | undefined)[], asked: Asked = {}): HTTPRouteRule {
  const epoch = epochOf(slots, ways);
  return {
    matches: [{ path: { type: "PathPrefix", value: "/" } }],
    backendRefs: slots.map((slot) => {
      const cookie = sessionCookie(asked, slot.revision);
      return backendRef(arms, slot, {
        set: mark(slot, epoch),
        // What the arm itself sets stays.
        ...(cookie && { add: [{ name: "set-cookie", value: cookie }] }),
      });
    }),
  };
}

function rulesForWays(arms: Arms, intent: RouteIntent): HTTPRouteRule[] {
  return waysOf(intent.asked).flatMap((way, i) => {
    const slots = intent.ways[i];
    return slots ? [ruleForWay(arms, intent, way, slots)] : [];
  });
}

/** What testers ask is not what users ask: nothing of it is mirrored, and the answer's arm is in another header. */
function ruleForWay(arms: Arms, intent: RouteIntent, way: Way, slots: Slots): HTTPRouteRule {
  const { stable, asked, mirrorPercent } = intent;
  const other = slots.find(({ revision }) => revision !== stable)?.revision ?? stable;
  const header = way.of === "Testers" ? TESTED_ARM_HEADER : undefined;
  const epoch = epochOf(intent.slots, intent.ways);
  return {
    matches: matchesOf(way, asked, way.to === "Stable" ? stable : other),
    filters: way.of === "Testers" ? [] : mirror(arms.canary, mirrorPercent),
    backendRefs: slots.map((slot) => backendRef(arms, slot, { set: mark(slot, epoch, header) })),
  };
}

function parentRef({ name, namespace, sectionName }: Attachment["parentRefs"][number]): ParentReference {
  return {
    group: "gateway.networking.k8s.io",
    kind: "Gateway",
    name,
    ...(namespace && { namespace }),
    ...(sectionName && { sectionName }),
  };
}

/** One that another canary has adopted has a mark of ours, but is Git's. */
function isOurs(object: HTTPRoute): boolean {
  return object.metadata.annotations?.[ANNOTATION.adopted] === undefined && isOwn(object);
}

/** The mirror comes and goes with the sampler; any other filter is a stranger's, as is a rule without two slots. */
function isAsWritten(arms: Arms, slots: Slots | undefined, { spec: { rules = [] } }: HTTPRoute): boolean {
  const [everybodys, ...others] = rules;
  const ways = others.map((rule) => readRule(rule, arms.canary));
  if (slots === undefined || everybodys === undefined || ways.includes(undefined)) return false;
  const isWhole = covers(everybodys, exactly(slotsRule(arms, slots, ways)));
  return isWhole && othersFilters(everybodys, arms.canary).length === 0;
}

/** The slots of a route of ours, in the rule for everybody; undefined when a stranger has made something else of it. */
export function readSlots(route: HTTPRoute, canary: string): Slots | undefined {
  return readRule(route.spec.rules?.[0], canary);
}

/** The slots of the rules behind it. */
export function readWays(route: HTTPRoute, canary: string): readonly (Slots | undefined)[] {
  return (route.spec.rules ?? []).slice(1).map((rule) => readRule(rule, canary));
}

/**
 * The first Gateway of the route that does not serve it, and why; undefined when all do. A Gateway that no controller
 * looks after, or that does not exist, gives no answer at all.
 */
export function unservedReason({ metadata, spec, status }: HTTPRoute): string | undefined {
  for (const parent of spec.parentRefs ?? []) {
    const name = `${parent.namespace ?? metadata.namespace}/${parent.name}`;
    const answer = status?.parents?.find(({ parentRef }) => isSameParent(parentRef, parent, metadata.namespace));
    if (answer === undefined)
      return `no controller has answered for Gateway ${name}: is the name right, and does something run for its class?`;
    const refusal = answer.conditions?.find(({ type, status: value }) => REQUIRED.has(type) && value === "False");
    if (refusal !== undefined) return `Gateway ${name} does not serve it: ${refusal.message} (${refusal.reason})`;
  }
  return undefined;
}

const REQUIRED: ReadonlySet<string> = new Set(["Accepted", "ResolvedRefs"]);

/** A controller may spell out the namespace that the route leaves out. */
function isSameParent(one: ParentReference, other: ParentReference, namespace: string | undefined): boolean {
  const key = (ref: ParentReference) => [ref.namespace ?? namespace, ref.name, ref.sectionName].join("/");
  return key(one) === key(other);
}
