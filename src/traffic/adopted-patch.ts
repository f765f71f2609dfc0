import { ANNOTATION } from "../api/v1alpha1/metadata.ts";
import type { HTTPBackendRef, HTTPRoute, HTTPRouteFilter } from "../kube/gateway-api.ts";
import type { Stored } from "../kube/object.ts";
import type { AdoptedRule } from "./adopted-rule.ts";
import type { JsonPatch } from "./route-kind.ts";

/** What is written of a route that Git owns, as operations of a JSON patch. */

/** Refused with a conflict unless the route is the one that was seen. */
export function asSeen({ metadata }: Stored<HTTPRoute>): JsonPatch {
  return [{ op: "replace", path: "/metadata/resourceVersion", value: metadata.resourceVersion }];
}

/**
 * Refused unless the place in the list is still the rule that is meant, and the route has not been given back since,
 * whatever else has changed.
 */
export function asNamed({ metadata }: Stored<HTTPRoute>, { index, rule }: AdoptedRule): JsonPatch {
  const member = rule.name === undefined ? "matches" : "name";
  const adopted = metadata.annotations?.[ANNOTATION.adopted];
  return [
    { op: "test", path: "/metadata/uid", value: metadata.uid },
    ...(adopted === undefined ? [] : [{ op: "test", path: memberOf(ANNOTATION.adopted), value: adopted } as const]),
    { op: "test", path: `/spec/rules/${index}/${member}`, value: rule[member] },
  ];
}

const ANNOTATIONS = "/metadata/annotations";
const OURS = [
  ANNOTATION.stable,
  ANNOTATION.rejected,
  ANNOTATION.rejectedReason,
  ANNOTATION.contested,
  ANNOTATION.adopted,
];

/** Of our annotations these are to stand, and no others. */
export function annotationChange(
  { metadata }: Stored<HTTPRoute>,
  wanted: Readonly<Record<string, string | undefined>>,
): JsonPatch {
  const { annotations: stands } = metadata;
  if (stands === undefined) return [{ op: "add", path: ANNOTATIONS, value: wanted }];
  return OURS.flatMap((key) => {
    const member = memberOf(key);
    if (wanted[key] !== undefined) return [{ op: "add", path: member, value: wanted[key] }];
    return stands[key] === undefined ? [] : [{ op: "remove", path: member }];
  });
}

function memberOf(annotation: string): string {
  return `${ANNOTATIONS}/${annotation.replace("/", "~1")}`;
}

export function backendChange({ index }: AdoptedRule, backendRefs: readonly HTTPBackendRef[]): JsonPatch {
  return [{ op: "add", path: `/spec/rules/${index}/backendRefs`, value: backendRefs }];
}

/** An empty list is none: Git may have none. */
export function filterChange({ index, rule }: AdoptedRule, filters: readonly HTTPRouteFilter[]): JsonPatch {
  const path = `/spec/rules/${index}/filters`;
  if (filters.length > 0) return [{ op: "add", path, value: filters }];
  return rule.filters === undefined ? [] : [{ op: "remove", path }];
}

/** Takes our marks off the route, and us off the list of those who have written it. `live` is no cache's. */
export function letGoPatch(live: Stored<HTTPRoute>, manager: string): JsonPatch {
  const { managedFields = [] } = live.metadata;
  const others = managedFields.filter((entry) => entry.manager !== manager);
  return [
    ...asSeen(live),
    ...annotationChange(live, {}),
    { op: "replace", path: "/metadata/managedFields", value: others },
  ];
}
