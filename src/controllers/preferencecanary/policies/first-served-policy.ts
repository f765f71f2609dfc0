import { TRACE, weightIn } from "../../../traffic/slots.ts";
import { revisionRecord } from "../desired.ts";
import type { Advice } from "../effect.ts";
import type { Facts } from "../facts.ts";
import { moveTraffic } from "./traffic-policy.ts";

/**
 * Before the route gives a revision requests of users for the first time its record says when that is, since no rating from
 * before can be of an answer of its. Of one that serves already status may know since when.
 */
export function noteFirstServed(facts: Facts): Advice {
  const { observed, run, now } = facts;
  const { canary, records } = observed;
  const revision = run.candidate?.revision ?? run.stable ?? run.target?.revision;
  const record = revision === undefined ? undefined : records.get(revision);
  if (record === undefined || record.firstServed !== undefined) return undefined;
  const slots = slotsToCome(facts);
  if (slots === undefined || weightIn(slots, record.revision) <= TRACE) return undefined;
  const { candidate } = canary.status ?? {};
  const known = candidate?.revision === revision ? candidate?.served : undefined;
  const firstServed = known ?? now.toISOString();
  return { effect: { type: "ApplyRecord", object: revisionRecord(canary, { ...record, firstServed }) } };
}

/** Of all requests: by the route that is written next, or by the one that stands. */
function slotsToCome(facts: Facts) {
  const next = moveTraffic(facts);
  const isWritten = next !== undefined && "effect" in next && next.effect.type === "WriteRoute";
  return isWritten ? next.effect.intent.slots : facts.observed.route?.slots;
}
