import { ANNOTATION, LABEL } from "../../../api/v1alpha1/metadata.ts";
import { formatAge } from "../../../api/v1alpha1/quantity.ts";
import { isAvailable, isComplete, podsIn, podsRefused, roleOf, startedAt } from "../arms/arm-state.ts";
import { readyBy, readyWithinMs } from "../arms/ready-within.ts";
import { coldReason } from "../arms/warm-up.ts";
import { whyNotReady } from "../arms/why-not-ready.ts";
import { revisionRecord } from "../desired.ts";
import type { Advice } from "../effect.ts";
import type { Facts } from "../facts.ts";
import type { Observed, RevisionRecord } from "../observed.ts";
import { toRetry } from "../run/run.ts";
import { setOf } from "../selection/contenders.ts";
import type { Standing } from "../selection/selection.ts";

/** What the route decided is written where it stays: on the revision's record. */
export function recordVerdicts({ observed }: Facts): Advice {
  const { route, records, arms, canary } = observed;
  const rejected = route?.rejected && records.get(route.rejected.revision);
  if (rejected !== undefined && rejected.verdict !== "RolledBack" && rejected.revision !== toRetry(observed)) {
    return record(observed.canary, { ...rejected, verdict: "RolledBack", reason: route?.rejected?.reason ?? "" });
  }
  const promoted = route?.stable === undefined ? undefined : records.get(route.stable);
  const wasCandidate = promoted && roleOf(arms.get(promoted.revision) ?? {}) === "candidate";
  if (promoted === undefined || !wasCandidate || promoted.verdict === "Promoted") return undefined;
  const { reason: _superseded, ...rest } = promoted;
  return record(canary, { ...rest, verdict: "Promoted" });
}

/** A candidate that does not get ready, or does not answer, fails its run; its model is not judged by that. */
export function failUnready({ observed, run: { candidate }, isServing, hasEntered, now }: Facts): Advice {
  if (candidate?.state !== "Running" || isServing) return undefined;
  return failStuck(observed, candidate.revision, hasEntered, now);
}

/** Likewise one whose further pods do not come: it has passed all that it was asked so far. */
export function failShort({ observed, run: { candidate }, isServing, lacksPods = false }: Facts): Advice {
  if (candidate?.state !== "Running" || !isServing || !lacksPods) return undefined;
  const { shortMs } = observed.arms.get(candidate.revision) ?? {};
  const standing = observed.records.get(candidate.revision);
  if (standing === undefined || shortMs === undefined) return undefined;
  const leftMs = readyWithinMs(observed) - shortMs;
  if (leftMs > 0) return { waitMs: leftMs };
  return record(observed.canary, { ...standing, verdict: "Failed", reason: failureOf(observed, candidate.revision) });
}

/** Nobody is served by a contender: what is found against it stands on its record at once. */
export function rejectContenders({ observed, selection }: Facts): readonly Advice[] {
  return (selection?.contenders ?? []).map(({ revision, rejection }) => {
    const standing = observed.records.get(revision);
    if (rejection === undefined || standing === undefined) return undefined;
    return record(observed.canary, { ...standing, verdict: "RolledBack", reason: rejection });
  });
}

/** As for a candidate. */
export function failUnreadyContenders({ observed, selection, now }: Facts): readonly Advice[] {
  return startingIn(selection).map(({ revision, entered }) =>
    failStuck(observed, revision, entered !== undefined, now),
  );
}

/** Likewise, one of which there is nothing that could get ready: after what it is made of was tried once more. */
export function failRefused({ observed, run: { candidate }, selection, now }: Facts): readonly Advice[] {
  const known = observed.canary.status?.candidate;
  const isKnown = candidate?.state === "Running" && candidate.revision === known?.revision;
  return [...startingIn(selection), ...(isKnown ? [known] : [])].map(({ revision, refused }) => {
    const standing = observed.records.get(revision);
    const isMade = startedAt(observed.arms.get(revision) ?? {}) !== undefined;
    if (refused === undefined || standing === undefined || isMade) return undefined;
    const limitMs = readyWithinMs(observed);
    const refusedMs = now.getTime() - Date.parse(refused.since);
    if (refusedMs < limitMs) return { waitMs: limitMs - refusedMs };
    const reason = `for ${formatAge(limitMs)} the API server has not taken what it is made of: ${refused.message}`;
    return record(observed.canary, { ...standing, verdict: "Failed", reason });
  });
}

function startingIn(selection: Facts["selection"]): readonly Standing[] {
  return (selection?.contenders ?? []).filter(({ out, isServing }) => out === undefined && !isServing);
}

/** One write makes it the candidate, and the others none: who was chosen is known from its record alone. */
export function chooseContender({ observed, selection }: Facts): Advice {
  const { candidates } = observed.canary.spec.model;
  const standing = selection?.chosen && observed.records.get(selection.chosen.revision);
  if (standing === undefined || candidates === undefined) return undefined;
  return record(observed.canary, { ...standing, choice: setOf(candidates) });
}

function failStuck(observed: Observed, revision: string, hasEntered: boolean, now: Date): Advice {
  const arm = observed.arms.get(revision) ?? {};
  const standing = observed.records.get(revision);
  // Its pods are well: only its Service is gone, and comes back.
  if (standing === undefined || (hasEntered && isAvailable(arm))) return undefined;
  const idleUntil = isComplete(arm) ? now.getTime() + readyWithinMs(observed) - (arm.idleMs ?? 0) : undefined;
  const until = idleUntil ?? readyBy(observed, revision, hasEntered, now)?.getTime();
  if (until === undefined) return undefined;
  if (until > now.getTime()) return { waitMs: until - now.getTime() };
  return record(observed.canary, { ...standing, verdict: "Failed", reason: failureOf(observed, revision) });
}

function failureOf(observed: Observed, revision: string): string {
  const { arms, canary } = observed;
  const arm = arms.get(revision) ?? {};
  const age = formatAge(readyWithinMs(observed));
  if (arm.isExternal) return `it got no request for ${age}: ${coldReason(observed, revision)}`;
  const pods = `${podsIn(arm, canary)} of the candidate can serve`;
  if (isComplete(arm)) return `${pods}, but got no request for ${age}: ${coldReason(observed, revision)}`;
  const refused = podsRefused(arm);
  if (refused !== undefined) return `${pods}: for ${age} the API server has not taken another: ${refused}`;
  const rest = whyNotReady(arm) ?? `see kubectl describe pods -l ${LABEL.revision}=${revision}`;
  return `${pods}, and for ${age} (serving.readyWithin) not all became ready: ${rest}`;
}

/**
 * `dpo.dev/retry` lifts a verdict once: that it did is noted on the record, and the note goes when the annotation no
 * longer names the revision. The route has dropped its own note of the rejection before, or that would be believed.
 */
export function liftVerdict({ observed, now }: Facts): Advice {
  const { canary, records, route } = observed;
  const revision = toRetry(observed);
  const lifted = revision === undefined ? undefined : records.get(revision);
  if (lifted !== undefined && route?.rejected?.revision !== revision) {
    const { verdict: _lifted, reason: _why, ...rest } = lifted;
    return record(canary, { ...rest, retried: true, retriedAt: now.toISOString() });
  }
  const named = canary.metadata.annotations?.[ANNOTATION.retry];
  const stale = [...records.values()].find((standing) => standing.retried && standing.revision !== named);
  return stale && record(canary, { ...stale, retried: false });
}

export function record(canary: Facts["observed"]["canary"], next: RevisionRecord): Advice {
  return { effect: { type: "ApplyRecord", object: revisionRecord(canary, next) } };
}
