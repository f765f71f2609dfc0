import type { HTTPHeaderMatch, HTTPRoute, HTTPRouteMatch, HTTPRouteRule } from "../../src/kube/gateway-api.ts";

export type Headers = Readonly<Record<string, string>>;

/** What each arm has of the requests with these headers, on the route's scale; by the precedence of Gateway API. */
export function sharesOf(route: HTTPRoute, headers: Headers, canary: string): Readonly<Record<string, number>> {
  const shares: Record<string, number> = {};
  for (const { name, weight = 1 } of ruleFor(route, headers)?.backendRefs ?? []) {
    const revision = name.slice(canary.length + 1);
    shares[revision] = (shares[revision] ?? 0) + weight;
  }
  return shares;
}

/** The rule with the match that asks for most headers; of several the first one. All paths are one here. */
export function ruleFor({ spec }: HTTPRoute, headers: Headers): HTTPRouteRule | undefined {
  const matching = (spec.rules ?? []).flatMap((rule) => {
    const counts = (rule.matches ?? []).filter((match) => matches(match, headers)).map(headersOf);
    return counts.length === 0 ? [] : [{ rule, count: Math.max(...counts.map(({ length }) => length)) }];
  });
  return matching.toSorted((one, other) => other.count - one.count)[0]?.rule;
}

function matches(match: HTTPRouteMatch, headers: Headers): boolean {
  return headersOf(match).every(({ type = "Exact", name, value }) => {
    const sent = headers[name.toLowerCase()];
    if (sent === undefined) return false;
    return type === "Exact" ? sent === value : new RegExp(`^(?:${value})$`).test(sent);
  });
}

function headersOf({ headers = [] }: HTTPRouteMatch): readonly HTTPHeaderMatch[] {
  return headers;
}
