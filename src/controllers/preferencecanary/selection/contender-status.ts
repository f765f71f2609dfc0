import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { formatPercent } from "../../../api/v1alpha1/quantity.ts";
import type { LastRun } from "../archive/last-run.ts";
import type { Facts } from "../facts.ts";
import type { Observed } from "../observed.ts";
import { startingPodsOf } from "../standing/run-standing.ts";
import type { EndedContender } from "./contender-endings.ts";
import type { KnownContender } from "./contenders.ts";
import { isContending, type Standing } from "./selection.ts";

/** What status says of those who may become the candidate. */
export function contendersOf({ observed, selection }: Facts): Pick<PreferenceCanaryStatus, "contenders"> {
  if (selection === undefined) return {};
  return { contenders: selection.contenders.map((standing) => contenderOf(observed, standing)) };
}

/** The last of them that something was found against; who is only retired is no news of its own. */
export function lastOf(contenders: readonly EndedContender[]): LastRun | undefined {
  return contenders.map(({ ended }) => ended).findLast(({ outcome }) => outcome !== "Retired");
}

function contenderOf(observed: Observed, standing: Standing): KnownContender {
  const { name, revision, model, share, entered, among, gates } = standing;
  return {
    name,
    revision,
    digest: model.digest ?? "",
    state: stateOf(standing),
    ...(share !== undefined && { share: formatPercent(share) }),
    ...(entered && { entered: entered.toISOString() }),
    ...(among && { chosenFrom: among }),
    gates: [...gates],
    message: messageOf(observed, standing).slice(0, 1024),
  };
}

function stateOf(standing: Standing): KnownContender["state"] {
  if (standing.out === "Rejected") return "RolledBack";
  if (standing.out === "Failed") return "Failed";
  return isContending(standing) || standing.rejection !== undefined ? "Compared" : "Starting";
}

function messageOf(observed: Observed, standing: Standing): string {
  const { revision, out, rejection, gates, isUnread } = standing;
  if (out !== undefined) return observed.records.get(revision)?.reason ?? "its model was rejected before";
  if (rejection !== undefined) return rejection;
  if (!isContending(standing)) return `starting: ${startingPodsOf(observed, revision)}`;
  const words = gates.map(({ name, message }) => `${name}: ${message}`).join("; ");
  return isUnread ? `nobody is chosen before its evidence was read; ${words}` : words;
}
