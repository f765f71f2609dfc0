import { LABEL, MANAGED_BY, TESTED_ARM_HEADER } from "../api/v1alpha1/metadata.ts";
import type { Applied } from "../kube/client.ts";
import type { HTTPRouteMatch } from "../kube/gateway-api.ts";
import type { VirtualService, VirtualServiceMatch, VirtualServiceRoute, VirtualServiceRule } from "../kube/istio.ts";
import { covers } from "../runtime/covers.ts";
import { mark, SAMPLER_PORT } from "./http-rules.ts";
import { armName, samplerName } from "./names.ts";
import {
  type Arms,
  applied,
  isOwn,
  type RouteIntent,
  type RouteKind,
  readVerdicts,
  verdictAnnotations,
} from "./route-kind.ts";
import { epochOf, type Slot, type Slots } from "./slots.ts";
import { type Asked, matchesOf, sessionCookie, type Way, waysOf } from "./ways.ts";

/** What the VirtualService is attached to, as the canary says it. */
export interface Attachment {
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
}

/** An Istio VirtualService named as the canary, which is the operator's own. */
export function virtualService(arms: Arms, attachment: Attachment): RouteKind<VirtualService> {
  const { canary: name } = arms;
  return {
    kind: "VirtualService",
    name,
    read(object) {
      const slots = readVirtualSlots(object, name);
      return {
        isOurs: isOwn(object),
        ...(slots && { slots }),
        ways: readWays(object, name),
        ...readVerdicts(object),
        names: namesIn(rulesOf(object)),
        isSpoilt: !isAsWritten(arms, object, slots),
        isAttached: covers(object.spec, attachment),
        words: wordsOf(object),
      };
    },
    wanted: (intent) => objectFor(arms, attachment, intent),
    write: (intent, standing, isConditional) =>
      applied("VirtualService", objectFor(arms, attachment, intent), standing, isConditional),
    askable: () => ({ problem: "Istio's gateways publish no addresses at which they could be asked" }),
  };
}

function objectFor(arms: Arms, { hosts, gateways }: Attachment, intent: RouteIntent): Applied<VirtualService> {
  const { canary: name, namespace } = arms;
  return {
    metadata: {
      name,
      namespace,
      labels: { ...MANAGED_BY, [LABEL.canary]: name },
      annotations: verdictAnnotations(intent),
    },
    spec: { hosts, gateways, http: [...rulesForWays(arms, intent), ruleForEverybody(arms, intent)] },
  };
}

function ruleForEverybody(arms: Arms, { slots, ways, asked, mirrorPercent }: RouteIntent): VirtualServiceRule {
  return { ...slotsRule(arms, slots, ways, asked), mirrors: mirrors(arms, mirrorPercent) };
}

/** It takes whatever no rule before it has taken, and follows from the slots, but for a session's cookie. */
function slotsRule(
  arms: Arms,
  slots: Slots,
  ways: readonly (Slots | undefined)[],
  asked: Asked = {},
): VirtualServiceRule {
  const epoch = epochOf(slots, ways);
  const routes = slots.map((slot) => {
    const cookie = sessionCookie(asked, slot.revision);
    return routeTo(arms, slot, mark(slot, epoch), cookie === undefined ? {} : { "set-cookie": cookie });
  });
  return { name: "everybody", match: [], route: routes };
}

function rulesForWays(arms: Arms, intent: RouteIntent): VirtualServiceRule[] {
  return waysOf(intent.asked).flatMap((way, i) => {
    const slots = intent.ways[i];
    return slots ? [ruleForWay(arms, intent, way, slots, i)] : [];
  });
}

/** What testers ask is not what users ask: nothing of it is mirrored, and the answer's arm is in another header. */
function ruleForWay(arms: Arms, intent: RouteIntent, way: Way, slots: Slots, i: number): VirtualServiceRule {
  const { stable, asked, mirrorPercent } = intent;
  const other = slots.find(({ revision }) => revision !== stable)?.revision ?? stable;
  const epoch = epochOf(intent.slots, intent.ways);
  const isOfTesters = way.of === "Testers";
  return {
    name: `${i + 1}-${way.of}-${way.to}`.toLowerCase(),
    match: matchesOf(way, asked, way.to === "Stable" ? stable : other).map(matchOf),
    route: slots.map((slot) => routeTo(arms, slot, mark(slot, epoch, isOfTesters ? TESTED_ARM_HEADER : undefined))),
    mirrors: isOfTesters ? [] : mirrors(arms, mirrorPercent),
  };
}

function matchOf({ headers = [] }: HTTPRouteMatch): VirtualServiceMatch {
  const all = headers.map(({ type, name, value }): [string, VirtualServiceMatch["uri"]] => [
    name,
    type === "RegularExpression" ? { regex: value } : { exact: value },
  ]);
  return { headers: Object.fromEntries(all) as NonNullable<VirtualServiceMatch["headers"]> };
}

function routeTo(
  { canary, port }: Arms,
  { revision, weight }: Slot,
  marks: ReturnType<typeof mark>,
  add: Readonly<Record<string, string>> = {},
): VirtualServiceRoute {
  const set = Object.fromEntries((marks ?? []).map(({ name, value }) => [name, value]));
  return {
    destination: { host: armName(canary, revision), port: { number: port } },
    weight,
    headers: { response: { set, ...(Object.keys(add).length > 0 && { add }) } },
  };
}

/** Spelt out where there is none: what is not said could not be missed. */
function mirrors({ canary }: Arms, percent: number | undefined): NonNullable<VirtualServiceRule["mirrors"]> {
  if (percent === undefined) return [];
  const destination = { host: samplerName(canary), port: { number: SAMPLER_PORT } };
  return [{ destination, percentage: { value: percent } }];
}

/** The slots of everybody's requests; undefined when a stranger has made something else of it. */
export function readVirtualSlots(object: VirtualService, canary: string): Slots | undefined {
  return readRule(rulesOf(object).at(-1), canary);
}

/** The slots of the rules before it. */
function readWays(object: VirtualService, canary: string): readonly (Slots | undefined)[] {
  return rulesOf(object)
    .slice(0, -1)
    .map((rule) => readRule(rule, canary));
}

function rulesOf({ spec }: VirtualService): readonly VirtualServiceRule[] {
  return spec.http ?? [];
}

/** A weight that is not said is 0. */
function readRule(rule: VirtualServiceRule | undefined, canary: string): Slots | undefined {
  const prefix = armName(canary, "");
  const [first, second, third] = (rule?.route ?? []).map(({ destination: { host }, weight = 0 }): Slot => {
    return { revision: host.startsWith(prefix) ? host.slice(prefix.length) : host, weight };
  });
  return first === undefined || second === undefined || third !== undefined ? undefined : [first, second];
}

function namesIn(rules: readonly VirtualServiceRule[]): ReadonlySet<string> {
  const destinations = rules.flatMap(({ route = [], mirrors: copies = [] }) => [...route, ...copies]);
  return new Set(destinations.map(({ destination }) => destination.host));
}

/** The mirror comes and goes with the sampler; a rule without two slots is a stranger's. */
function isAsWritten(arms: Arms, object: VirtualService, slots: Slots | undefined): boolean {
  const ways = readWays(object, arms.canary);
  if (slots === undefined || ways.includes(undefined)) return false;
  return covers(rulesOf(object).at(-1), slotsRule(arms, slots, ways));
}

function wordsOf(object: VirtualService): string {
  const routes = rulesOf(object).flatMap(({ route = [] }) => route);
  const weights = routes.map(({ destination, weight = 0 }) => `${destination.host} at ${weight}`).join(", ");
  return `${weights || "no destination"} for ${object.spec.hosts?.join(", ") || "no host"}`;
}
