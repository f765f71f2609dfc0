import type { PreferenceCanary, PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { timestamp } from "../../../runtime/conditions.ts";
import type { Facts } from "../facts.ts";
import { readOrders } from "../run/orders.ts";
import { amongHowMany } from "../selection/contenders.ts";

export type LastRun = NonNullable<PreferenceCanaryStatus["lastRun"]>;

export type Ending = Pick<LastRun, "revision" | "outcome" | "message">;

/** How the last run ended. It is seen in what stands, whichever pass of whichever process made it end. */
export function lastRunOf(facts: Facts, now: Date): LastRun | undefined {
  const previous = facts.observed.canary.status?.lastRun;
  const ending = endingOf(facts) ?? (previous === undefined ? blockedEnding(facts) : undefined);
  if (ending === undefined || isSame(previous, ending)) return previous;
  const digest = facts.observed.records.get(ending.revision)?.model.digest;
  const among = amongHowMany(facts.observed, ending.revision, digest);
  return {
    ...ending,
    message: ending.message.slice(0, 1024),
    digest: digest ?? "",
    time: timestamp(now),
    ...(among && { among }),
  };
}

function isSame(previous: LastRun | undefined, { revision, outcome, message }: Ending): boolean {
  const isRepeated = previous?.revision === revision && previous.outcome === outcome;
  return isRepeated && (outcome === "Promoted" || previous.message === message.slice(0, 1024));
}

/** Of the candidate that is being taken back, or of the one that status still knows and that is none any more. */
function endingOf({ observed, run }: Facts): Ending | undefined {
  const { canary, route, records } = observed;
  const before = canary.status?.candidate?.revision;
  const { candidate } = run;
  const revision = candidate !== undefined && candidate.state !== "Running" ? candidate.revision : before;
  if (revision === undefined || (candidate?.revision === revision && candidate.state === "Running")) return undefined;
  if (revision === run.stable) return { revision, outcome: "Promoted", message: promotedWords(canary, revision) };
  const record = records.get(revision);
  const rejected = route?.rejected?.revision === revision ? route.rejected.reason : undefined;
  if (rejected !== undefined || record?.verdict === "RolledBack") {
    return { revision, outcome: "RolledBack", message: rejected ?? record?.reason ?? "" };
  }
  if (record?.verdict === "Failed") return { revision, outcome: "Failed", message: record.reason ?? "" };
  return { revision, outcome: "Superseded", message: "Git asked for something else before the gates had decided" };
}

/** Status was lost: what is asked for has a verdict, and that is how its run ended. */
function blockedEnding({ observed, run }: Facts): Ending | undefined {
  if (run.blocked === undefined || run.candidate !== undefined) return undefined;
  const verdict = run.blocked === "Rejected" ? "RolledBack" : "Failed";
  const record = [...observed.records.values()].find((standing) => standing.verdict === verdict);
  return record && { revision: record.revision, outcome: verdict, message: record.reason ?? "" };
}

function promotedWords(canary: PreferenceCanary, revision: string): string {
  const gates = (canary.status?.gates ?? []).map(({ name, message }) => `${name}: ${message}`);
  const orders = readOrders(canary, revision);
  const approved = canary.spec.steps.some(({ name }) => orders.isApproved(name));
  return [
    ...(orders.promote ? [`By order, ${orders.describe("promote")}`] : []),
    ...(approved ? [`Approved, ${orders.describe("approve")}`] : []),
    ...gates,
  ].join("; ");
}
