import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { formatPercent } from "../../../api/v1alpha1/quantity.ts";
import { timestamp } from "../../../runtime/conditions.ts";
import type { LastRun } from "../archive/last-run.ts";
import type { Facts } from "../facts.ts";
import { beganAt } from "../run/began.ts";
import { type Refused, refusedSince } from "../standing/refusals.ts";
import { lateWords, startingPodsOf } from "../standing/run-standing.ts";
import { type EndedContender, isUntellable } from "./contender-endings.ts";
import type { KnownContender } from "./contenders.ts";
import { isContending, type Standing } from "./selection.ts";

/** What status says of those who may become the candidate. */
export function contendersOf(facts: Facts): Pick<PreferenceCanaryStatus, "contenders"> {
  const { selection } = facts;
  if (selection === undefined) return {};
  return { contenders: selection.contenders.map((standing) => contenderOf(facts, standing)) };
}

/** The last of them that something was found against; who is only retired is no news of its own. */
export function lastOf(contenders: readonly EndedContender[]): LastRun | undefined {
  return contenders.map(({ ended }) => ended).findLast(({ outcome }) => outcome !== "Retired");
}

function contenderOf(facts: Facts, standing: Standing): KnownContender {
  const { name, revision, model, share, entered, among, gates } = standing;
  const isStarting = standing.out === undefined && !isContending(standing);
  const refused = isStarting ? refusedSince(facts, revision, standing.refused) : undefined;
  return {
    name,
    revision,
    digest: model.digest ?? "",
    state: stateOf(facts, standing),
    ...(share !== undefined && { share: formatPercent(share) }),
    began: beganAt(facts.observed, revision, facts.now).toISOString(),
    ...(entered && { entered: entered.toISOString() }),
    ...(among && { among }),
    ...(refused && { refused }),
    gates: [...gates],
    message: messageOf(facts, standing, refused).slice(0, 1024),
  };
}

function stateOf({ observed: { canary } }: Facts, standing: Standing): KnownContender["state"] {
  const known = canary.status?.contenders?.find(({ revision }) => revision === standing.revision);
  if (known !== undefined && isUntellable(standing)) return known.state;
  if (standing.out === "Rejected") return "RolledBack";
  if (standing.out === "Failed") return "Failed";
  return isContending(standing) || standing.rejection !== undefined ? "Compared" : "Starting";
}

function messageOf(facts: Facts, standing: Standing, refused: Refused | undefined): string {
  const { observed } = facts;
  const { revision, out, rejection, gates, isUnread } = standing;
  if (out !== undefined) return observed.records.get(revision)?.reason ?? "its model was rejected before";
  if (rejection !== undefined) return rejection;
  if (refused !== undefined)
    return `since ${timestamp(new Date(refused.since))} the API server does not take what it is made of: ${refused.message}`;
  if (!isContending(standing)) return `starting: ${startingPodsOf(observed, revision)}${lateWords(facts, revision)}`;
  const words = gates.map(({ name, message }) => `${name}: ${message}`).join("; ");
  return isUnread ? `nobody is chosen before its evidence was read; ${words}` : words;
}
