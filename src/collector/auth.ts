import { createHash } from "node:crypto";
import { AUDIENCES, type Audience, COLLECTOR_AUDIENCE, RATER_AUDIENCE } from "../api/contracts/collector-api.ts";
import type { Clock } from "../runtime/clock.ts";
import { ApiError } from "./api-error.ts";

/**
 * The API server's word on a token; `username` as in `system:serviceaccount:<namespace>:<name>`, `audiences` those asked
 * about that it is of.
 */
export interface TokenVerdict {
  authenticated: boolean;
  username?: string | undefined;
  audiences?: readonly string[] | undefined;
}

export type TokenReview = (token: string, audiences: readonly Audience[]) => Promise<TokenVerdict>;

/** Milliseconds that a verdict is believed: a deleted service account is shut out at the latest after a minute. */
const TRUST = 60_000;
const DISTRUST = 5_000;
const REMEMBERED = 1_000;

const WANTED = `${COLLECTOR_AUDIENCE}, or ${RATER_AUDIENCE} to judge pairs`;

/** Who sends a request. */
export interface Caller {
  readonly username: string;
  readonly audiences: readonly string[];
}

/** Asks about a token once in a while; a hundred requests with a new one are one review. */
function rememberVerdicts(tokenReview: TokenReview, clock: Clock): (token: string) => Promise<TokenVerdict> {
  const remembered = new Map<string, { verdict: Promise<TokenVerdict>; until: number }>();

  return (token) => {
    const hash = createHash("sha256").update(token).digest("hex");
    const known = remembered.get(hash);
    if (known !== undefined && clock.monotonic() < known.until) return known.verdict;
    const entry = { verdict: tokenReview(token, AUDIENCES), until: clock.monotonic() + TRUST };
    remembered.delete(hash);
    remembered.set(hash, entry);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= REMEMBERED) break;
      remembered.delete(oldest);
    }
    entry.verdict.then(
      ({ authenticated }) => {
        if (!authenticated) entry.until = clock.monotonic() + DISTRUST;
      },
      () => {
        if (remembered.get(hash) === entry) remembered.delete(hash);
      },
    );
    return entry.verdict;
  };
}

/** Who sends this Authorization header; throws 401 for nobody, 503 when nobody could be asked. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller>;

export function createAuthenticate(tokenReview: TokenReview, clock: Clock): Authenticate {
  const review = rememberVerdicts(tokenReview, clock);

  return async (authorization) => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) {
      const message = `send a Kubernetes token of audience ${WANTED} as "Authorization: Bearer …"`;
      throw new ApiError(401, "Unauthenticated", message);
    }
    let verdict: TokenVerdict;
    try {
      verdict = await review(token);
    } catch (cause) {
      const message = `the API server could not be asked about the token: ${cause instanceof Error ? cause.message : cause}`;
      throw new ApiError(503, "AuthenticationUnavailable", message);
    }
    const { authenticated, username, audiences = [] } = verdict;
    if (authenticated && username !== undefined) return { username, audiences };
    const message = `the token is expired, revoked or not of audience ${WANTED}`;
    throw new ApiError(401, "Unauthenticated", message);
  };
}

export interface Touch {
  readonly namespace: string;
  readonly method: string;
  readonly isForOperator?: boolean | undefined;
}

/** A service account may touch what is of its namespace; a reader may read all, and alone do what is the operator's. */
export function mayTouch(username: string, request: Touch, readers: readonly string[]): boolean {
  if (request.isForOperator) return readers.includes(username);
  const namespace = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username)?.[1];
  return namespace === request.namespace || (request.method === "GET" && readers.includes(username));
}
