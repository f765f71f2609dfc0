import { TRACE, weightIn } from "../../../traffic/slots.ts";
import type { Advice } from "../effect.ts";
import type { Facts } from "../facts.ts";
import { moveTraffic } from "./traffic-policy.ts";
import { record } from "./verdict-policy.ts";

/**
 * A candidate's record says when the route was first to give it requests of users: a rating from before is hardly of an answer of
 * its. So that is written before the route is, and keeps nothing else of traffic waiting, least of all a rollback.
 */
export function moveTrafficNoted(facts: Facts): readonly Advice[] {
  const next = moveTraffic(facts);
  return [noteFirstServed(facts, next), next];
}

function noteFirstServed(facts: Facts, next: Advice): Advice {
  const { observed, run, now } = facts;
  const { candidate } = run;
  if (candidate === undefined || isNoted(facts, candidate.revision)) return undefined;
  if (next === undefined || !("effect" in next) || next.effect.type !== "WriteRoute") return undefined;
  const { revision, firstServed = now.toISOString() } = candidate;
  const isFirst = !serves(observed.route?.slots, revision) && serves(next.effect.intent.slots, revision);
  return isFirst ? note(facts, revision, firstServed) : undefined;
}

/** Of one that serves already, be it the very first or one whose record somebody has deleted: as near as it is known. */
export function noteServing(facts: Facts): Advice {
  const { observed, run, served, now } = facts;
  const { candidate, stable } = run;
  const revision = [candidate?.revision, stable].find(
    (each) => each !== undefined && !isNoted(facts, each) && serves(observed.route?.slots, each),
  );
  if (revision === undefined) return undefined;
  if (revision !== candidate?.revision) return note(facts, revision, observed.records.get(revision)?.created);
  return note(facts, revision, candidate.firstServed ?? (served ?? now).toISOString());
}

type Slots = NonNullable<Facts["observed"]["route"]>["slots"];

function serves(slots: Slots, revision: string): boolean {
  return slots !== undefined && weightIn(slots, revision) > TRACE;
}

function isNoted({ observed: { records } }: Facts, revision: string): boolean {
  return records.get(revision)?.firstServed !== undefined;
}

function note({ observed: { canary, records } }: Facts, revision: string, firstServed: string | undefined): Advice {
  const standing = records.get(revision);
  return standing && firstServed !== undefined ? record(canary, { ...standing, firstServed }) : undefined;
}
