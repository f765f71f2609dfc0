import type { HTTPHeaderMatch, HTTPRouteMatch } from "../kube/gateway-api.ts";

/**
 * Requests that name the arm they want have rules of their own, behind the one for everybody: for each kind of request
 * one that leads to stable, and one that leads to the candidate, or to stable while there is none. All of them have the
 * two slots that the rule for everybody has, and stand as long as the route, so that no place ever names another rule.
 */

/** Who says which arm they want; `maxAge` in seconds. */
export interface Asked {
  readonly testers?: { readonly header: string };
  readonly sticky?: {
    readonly cookie?: { readonly name: string; readonly maxAge: number };
    readonly header?: string;
  };
}

/** One rule. Testers are no users: nothing that they are answered is evidence. */
export interface Way {
  readonly of: "Testers" | "Sessions";
  readonly to: "Stable" | "Candidate";
}

/**
 * In the order of their rules: of two that match, the first is followed, and that is the testers'. Those of a kind that
 * is not asked for are the other's once more: their places stay taken, whichever kind comes or goes later.
 */
export function waysOf({ testers, sticky }: Asked): readonly Way[] {
  if (testers === undefined && sticky === undefined) return [];
  const kinds = [testers ? "Testers" : "Sessions", sticky ? "Sessions" : "Testers"] as const;
  return kinds.flatMap((of) => [{ of, to: "Stable" } as const, { of, to: "Candidate" } as const]);
}

/** What a request says to go this way. `revision`: of the arm that it leads to. */
export function matchesOf({ of, to }: Way, { testers, sticky }: Asked, revision: string): readonly HTTPRouteMatch[] {
  const word = to === "Stable" ? "stable" : "candidate";
  if (of === "Testers") return testers ? [word, revision].map((value) => saying(exact(testers.header, value))) : [];
  const { cookie, header } = sticky ?? {};
  return [
    ...(cookie ? [saying(cookieMatch(cookie.name, revision))] : []),
    ...(header ? [saying(exact(header, revision))] : []),
  ];
}

/** What is sent with the first answer of a session, and not with later ones: a session ends, however busy it is. */
export function sessionCookie({ sticky }: Asked, revision: string): string | undefined {
  if (sticky?.cookie === undefined) return undefined;
  const { name, maxAge } = sticky.cookie;
  return `${name}=${revision}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax`;
}

function saying(header: HTTPHeaderMatch): HTTPRouteMatch {
  return { path: { type: "PathPrefix", value: "/" }, headers: [header] };
}

function exact(name: string, value: string): HTTPHeaderMatch {
  return { type: "Exact", name, value };
}

/** One of several cookies. Gateways differ in whether an expression must match the whole of a header; this one does. */
function cookieMatch(name: string, value: string): HTTPHeaderMatch {
  return { type: "RegularExpression", name: "cookie", value: `^(.*; ?)?${name}=${value}(;.*)?$` };
}
