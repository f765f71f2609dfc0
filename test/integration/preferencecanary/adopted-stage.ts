import { ANNOTATION } from "../../../src/api/v1alpha1/metadata.ts";
import type { HTTPRoute, HTTPRouteRule } from "../../../src/kube/gateway-api.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { httpRoutes } from "../../../src/kube/resource.ts";
import { findRule } from "../../../src/traffic/adopted-rule.ts";
import { type Slots, WHOLE } from "../../../src/traffic/slots.ts";
import { CANARY } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";

export const ROUTE = "storefront";
const RULE = "chat";

/** What Git says of the route: two rules, and of the one to be adopted more than its backend. */
const RULES: readonly HTTPRouteRule[] = [
  {
    name: "docs",
    matches: [{ path: { type: "PathPrefix", value: "/docs" } }],
    backendRefs: [{ name: "docs", port: 80 }],
  },
  {
    name: RULE,
    matches: [{ path: { type: "PathPrefix", value: "/v1" }, method: "POST" }],
    filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-team", value: "chat" }] } }],
    backendRefs: [{ name: "chat", port: 80 }],
  },
];

export const ADOPT = { traffic: { httpRoute: { adopt: { name: ROUTE, rule: RULE } } } };

/** Git's route, with what a test wants to know of it. */
export function adoptedRoute({ stage, routes }: CanaryStage) {
  const { client, namespace } = stage;
  const key = { namespace, name: ROUTE };
  const rest = (route: HTTPRoute) => (route.spec.rules ?? []).map((rule) => JSON.stringify(withoutOurs(rule)));
  return {
    key,
    /** As a sync of Argo CD does that looks away from nothing. */
    sync: () =>
      client.apply(httpRoutes, {
        metadata: { ...key, annotations: { "example.com/team": "search" } },
        spec: { parentRefs: [{ name: "public" }], hostnames: ["shop.example.com"], rules: RULES },
      }),
    slots: () => slotsOf(routes.versions.at(-1)),
    /** With who has written what, which a watch leaves out. */
    live: () => client.get(httpRoutes, key),
    /** What must be true of every version, strangers' left out. */
    faults(): string[] {
      const [first, ...versions] = routes.versions;
      let before: Slots | undefined;
      return versions.flatMap((version, i) => {
        const slots = slotsOf(version);
        const found = faultsOf(before, slots);
        before = slots;
        const isKept = first !== undefined && rest(version).join() === rest(first).join();
        return [...found, ...(isKept ? [] : ["something else of it has changed"])].map(
          (what) => `version ${i + 1}: ${what}: ${JSON.stringify(slots)}`,
        );
      });
    },
  };
}

function slotsOf(route: Stored<HTTPRoute> | undefined): Slots | undefined {
  const found = route && findRule(route, CANARY, RULE);
  return found === undefined || "problem" in found ? undefined : found.slots;
}

function withoutOurs({ backendRefs, filters = [], ...rule }: HTTPRouteRule) {
  const kept = filters.filter(({ type }) => type !== "RequestMirror");
  return { ...rule, filters: kept, ...(rule.name !== RULE && { backendRefs }) };
}

function faultsOf(before: Slots | undefined, slots: Slots | undefined): string[] {
  if (slots === undefined) return [];
  const sum = slots[0].weight + slots[1].weight;
  const changes = (before ?? []).flatMap((was, place) => {
    const is = slots[place];
    if (is === undefined) return [];
    const isCrossing = Math.min(was.weight, is.weight) === 0 && Math.max(was.weight, is.weight) > 1;
    return [
      ...(was.revision !== is.revision && was.weight > 0 ? [`slot ${place} changed its arm at ${was.weight}`] : []),
      ...(isCrossing ? [`slot ${place} crossed zero from ${was.weight} to ${is.weight}`] : []),
    ];
  });
  return [...(sum === WHOLE ? [] : ["weights do not sum to the whole"]), ...changes];
}

/** The marks that the canary leaves on a route. */
export function marksOf(route: HTTPRoute | undefined): string[] {
  return Object.keys(route?.metadata.annotations ?? {}).filter((key) =>
    key.startsWith(ANNOTATION.stable.split("/")[0] ?? ""),
  );
}
