import {
  ANNOTATION,
  ARM_HEADER,
  EPOCH_HEADER,
  LABEL,
  MANAGED_BY,
  TESTED_ARM_HEADER,
} from "../api/v1alpha1/metadata.ts";
import type { Applied } from "../kube/client.ts";
import type {
  HeaderModifier,
  HTTPBackendRef,
  HTTPRoute,
  HTTPRouteFilter,
  HTTPRouteRule,
  ParentReference,
} from "../kube/gateway-api.ts";
import { armName, samplerName } from "./names.ts";
import { epochOf, type Slot, type Slots } from "./slots.ts";
import { type Asked, matchesOf, sessionCookie, type Way, waysOf } from "./ways.ts";

/** Port of the sampler's Service. */
export const SAMPLER_PORT = 8080;

/** What stands on the route beside the traffic, and is written together with it. */
export interface Verdicts {
  /** The revision that has, or had last, the whole weight. */
  readonly stable: string;
  readonly rejected?: Rejection;
}

export interface Rejection {
  readonly revision: string;
  /** In words. */
  readonly reason: string;
}

/** Everything that a canary's HTTPRoute says. */
export interface RouteIntent extends Verdicts {
  readonly canary: string;
  readonly namespace: string;
  readonly parentRefs: readonly { readonly name: string; readonly namespace?: string; readonly sectionName?: string }[];
  readonly hostnames: readonly string[];
  /** Port of the arms' Services. */
  readonly port: number;
  /** Of the rule for everybody. */
  readonly slots: Slots;
  readonly asked: Asked;
  /** Of the rules for those who name an arm, in the order of {@link waysOf}. */
  readonly ways: readonly Slots[];
  /** Percent of requests that are mirrored to the sampler; absent while there is none that could take them. */
  readonly mirrorPercent?: number;
}

/** The route as it is applied. What the API server would fill in is spelt out, so that it can be compared with what stands. */
export function httpRoute(intent: RouteIntent): Applied<HTTPRoute> {
  const { canary, namespace, stable, rejected } = intent;
  return {
    metadata: {
      name: canary,
      namespace,
      labels: { ...MANAGED_BY, [LABEL.canary]: canary },
      annotations: {
        [ANNOTATION.stable]: stable,
        ...(rejected && {
          [ANNOTATION.rejected]: rejected.revision,
          [ANNOTATION.rejectedReason]: rejected.reason,
        }),
      },
    },
    spec: {
      parentRefs: intent.parentRefs.map(parentRef),
      hostnames: intent.hostnames,
      rules: [ruleForEverybody(intent), ...rulesForWays(intent)],
    },
  };
}

function ruleForEverybody(intent: RouteIntent): HTTPRouteRule {
  const { canary, port, slots, ways, asked } = intent;
  return { ...slotsRule({ canary, port }, slots, ways, asked), filters: mirror(intent) };
}

/** The Services of a canary's arms. */
interface Arms {
  readonly canary: string;
  readonly port: number;
}

/**
 * The rule for everybody, but for the mirror. It follows from the slots, but for a session's cookie, so whatever else
 * stands was written by somebody else.
 */
export function slotsRule(arms: Arms, slots: Slots, ways: readonly Slots[], asked: Asked = {}): HTTPRouteRule {
  const epoch = epochOf(slots, ways);
  return {
    matches: [{ path: { type: "PathPrefix", value: "/" } }],
    backendRefs: slots.map((slot) => {
      const cookie = sessionCookie(asked, slot.revision);
      return backendRef(arms, slot, {
        set: mark(ARM_HEADER, slot, epoch),
        // What the arm itself sets stays.
        ...(cookie && { add: [{ name: "set-cookie", value: cookie }] }),
      });
    }),
  };
}

function rulesForWays(intent: RouteIntent): HTTPRouteRule[] {
  return waysOf(intent.asked).flatMap((way, i) => {
    const slots = intent.ways[i];
    return slots ? [ruleForWay(intent, way, slots)] : [];
  });
}

/** What testers ask is not what users ask: nothing of it is mirrored, and the answer's arm is in another header. */
function ruleForWay(intent: RouteIntent, way: Way, slots: Slots): HTTPRouteRule {
  const { stable, asked } = intent;
  const other = slots.find(({ revision }) => revision !== stable)?.revision ?? stable;
  const name = way.of === "Testers" ? TESTED_ARM_HEADER : ARM_HEADER;
  const epoch = epochOf(intent.slots, intent.ways);
  return {
    matches: matchesOf(way, asked, way.to === "Stable" ? stable : other),
    filters: way.of === "Testers" ? [] : mirror(intent),
    backendRefs: slots.map((slot) => backendRef(intent, slot, { set: mark(name, slot, epoch) })),
  };
}

function parentRef({ name, namespace, sectionName }: RouteIntent["parentRefs"][number]): ParentReference {
  return {
    group: "gateway.networking.k8s.io",
    kind: "Gateway",
    name,
    ...(namespace && { namespace }),
    ...(sectionName && { sectionName }),
  };
}

/** Answers say which arm gave them, and by which weights. */
function mark(header: string, { revision }: Slot, epoch: string): HeaderModifier["set"] {
  return [
    { name: header, value: revision },
    { name: EPOCH_HEADER, value: epoch },
  ];
}

function backendRef({ canary, port }: Arms, { revision, weight }: Slot, marks: HeaderModifier): HTTPBackendRef {
  return {
    ...service(armName(canary, revision), port),
    weight,
    filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: marks }],
  };
}

function mirror({ canary, mirrorPercent }: RouteIntent): HTTPRouteFilter[] {
  if (mirrorPercent === undefined) return [];
  const backendRef = service(samplerName(canary), SAMPLER_PORT);
  return [{ type: "RequestMirror", requestMirror: { backendRef, percent: mirrorPercent } }];
}

function service(name: string, port: number) {
  return { group: "", kind: "Service", name, port };
}

/** The slots of a route of ours, in the rule for everybody; undefined when a stranger has made something else of it. */
export function readSlots(route: HTTPRoute, canary: string): Slots | undefined {
  return readRule(route.spec.rules?.[0], canary);
}

/** The slots of the rules behind it. */
export function readWays(route: HTTPRoute, canary: string): readonly (Slots | undefined)[] {
  return (route.spec.rules ?? []).slice(1).map((rule) => readRule(rule, canary));
}

function readRule(rule: HTTPRouteRule | undefined, canary: string): Slots | undefined {
  const [first, second, third] = (rule?.backendRefs ?? []).map((ref) => readSlot(ref, canary));
  return first === undefined || second === undefined || third !== undefined ? undefined : [first, second];
}

function readSlot({ name, weight = 1 }: HTTPBackendRef, canary: string): Slot {
  const prefix = armName(canary, "");
  return { revision: name.startsWith(prefix) ? name.slice(prefix.length) : name, weight };
}

/** Every Service that the route sends anything to, mirrored requests included. */
export function namedServices(route: HTTPRoute): ReadonlySet<string> {
  const rules = route.spec.rules ?? [];
  const backends = rules.flatMap(({ backendRefs = [] }) => backendRefs.map(({ name }) => name));
  const mirrors = rules.flatMap(({ filters = [] }) =>
    filters.flatMap((filter) => (filter.type === "RequestMirror" ? [filter.requestMirror.backendRef.name] : [])),
  );
  return new Set([...backends, ...mirrors]);
}

/** What the route's annotations say. */
export function readVerdicts(route: HTTPRoute): Partial<Verdicts> {
  const annotations = route.metadata.annotations ?? {};
  const stable = annotations[ANNOTATION.stable];
  const revision = annotations[ANNOTATION.rejected];
  return {
    ...(stable && { stable }),
    ...(revision && { rejected: { revision, reason: annotations[ANNOTATION.rejectedReason] ?? "" } }),
  };
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
