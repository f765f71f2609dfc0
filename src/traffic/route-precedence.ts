import type { HTTPRoute, HTTPRouteMatch, ParentReference } from "../kube/gateway-api.ts";
import type { Stored } from "../kube/object.ts";

type Route = Stored<HTTPRoute>;

/**
 * Which of the other routes of its namespace gets all requests for a host name of this one, in words; undefined where none
 * does. Of two routes that match a request equally well Gateway API takes the older, of two as old the first by name.
 * What is more specific, such as a longer path, has requests of its own, and is meant to.
 */
export function overshadowedBy(route: Route, others: readonly Route[]): string | undefined {
  for (const other of others) {
    // First what is soon said: there may be many routes, and hardly any two are for one host name.
    const host = hostsOf(route).find((each) => hostsOf(other).includes(each));
    if (host === undefined || other === route || !isBefore(other, route)) continue;
    if (!takesEverything(other) || !shareParent(other, route)) continue;
    const { name } = other.metadata;
    return `HTTPRoute ${name} is older and gets the requests for ${host || "every host name"}: delete it, or take that out of it`;
  }
  return undefined;
}

function isBefore({ metadata: one }: Route, { metadata: other }: Route): boolean {
  if (one.deletionTimestamp !== undefined) return false;
  const isOlder = one.creationTimestamp < other.creationTimestamp;
  return isOlder || (one.creationTimestamp === other.creationTimestamp && one.name < other.name);
}

function takesEverything({ spec }: Route): boolean {
  return (spec.rules ?? []).some(({ matches = [] }) => matches.length === 0 || matches.some(isOfEverything));
}

function isOfEverything({ path, ...rest }: HTTPRouteMatch): boolean {
  const hasConditions = Object.values(rest).some((condition) => condition !== undefined);
  return !hasConditions && (path === undefined || (path.type === "PathPrefix" && path.value === "/"));
}

/** One that names no listener is attached to all of them. */
function shareParent(one: Route, other: Route): boolean {
  const parentsOf = ({ metadata, spec }: Route) =>
    (spec.parentRefs ?? []).map((parent) => ({ namespace: metadata.namespace, ...parent }));
  const isSame = (a: ParentReference, b: ParentReference) => a.namespace === b.namespace && a.name === b.name;
  const covers = (a: ParentReference, b: ParentReference) =>
    (a.sectionName ?? b.sectionName) === b.sectionName && (a.port ?? b.port) === b.port;
  return parentsOf(one).some((a) => parentsOf(other).some((b) => isSame(a, b) && covers(a, b)));
}

/** Empty: every one. */
function hostsOf({ spec }: Route): readonly string[] {
  return spec.hostnames?.length ? spec.hostnames : [""];
}
