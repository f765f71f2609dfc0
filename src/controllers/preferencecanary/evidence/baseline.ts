import type { Baseline } from "../../../api/v1alpha1/canary-comparisons.ts";
import type { Asked } from "../../../traffic/probing.ts";
import { roleOf } from "../arms/arm-state.ts";
import type { Observed } from "../observed.ts";
import type { Access, Collected, Pair } from "./evidence.ts";

/** As status and messages call it: `rival:8080`. */
export function againstOf({ service, port }: Baseline): string {
  return `${service}:${port}`;
}

/** What the evidence of a run is about. */
export function pairOf(
  { spec }: Observed["canary"],
  stable: string,
  { revision, firstServed }: { readonly revision: string; readonly firstServed?: string },
): Pair {
  const { baseline } = spec.evidence.comparisons;
  return {
    candidate: revision,
    stable,
    ...(baseline && { against: againstOf(baseline) }),
    ...(firstServed && { firstServed }),
  };
}

/**
 * By what the collector keeps comparisons, in place of stable's revision. Those with a baseline are of this stable's run as
 * well: with another stable, as with another baseline, all that came before is other evidence.
 */
export function comparedWith({ stable, against }: Pick<Pair, "stable" | "against">): string {
  return against === undefined ? stable : `${stable}/${against}`;
}

/** Of a Service that cannot be asked by an address of its own. */
const HEADLESS = "None";

/** Asked again and again while there is anybody to compare with it: nothing but its answers says that it is well. */
export function askedOfBaseline({
  canary,
  arms,
  foreign,
}: Pick<Observed, "canary" | "arms" | "foreign">): Asked["arms"] {
  const { baseline } = canary.spec.evidence.comparisons;
  const address = baseline && foreign.get(baseline.service)?.spec?.clusterIP;
  const isCompared = [...arms.values()].some((arm) => roleOf(arm) !== "stable");
  if (!isCompared || baseline === undefined || !address || address === HEADLESS) return [];
  return [{ revision: againstOf(baseline), address, port: baseline.port, isFollowed: true }];
}

/**
 * A baseline that cannot be asked makes no comparisons, and whoever has passed by earlier ones gets no further meanwhile.
 * Where it cannot be reached from the manager's place, that none come is what says so.
 */
export function withBaseline<Known extends Pick<Collected, "comparisons">>(observed: Observed, evidence: Known): Known {
  const { baseline } = observed.canary.spec.evidence.comparisons;
  const access = baseline && accessTo(baseline, observed);
  return access === undefined ? evidence : { ...evidence, comparisons: { ...evidence.comparisons, access } };
}

/** Undefined when nothing speaks against it. */
function accessTo({ service, port }: Baseline, { foreign, baseline: answer }: Observed): Access | undefined {
  const { spec } = foreign.get(service) ?? {};
  if (spec === undefined)
    return unusable(
      `there is no Service ${service} in this namespace: make it, or name another one in evidence.comparisons.baseline`,
    );
  const { clusterIP = HEADLESS, ports = [] } = spec;
  if (!ports.some((each) => each.port === port))
    return unusable(
      `Service ${service} has no port ${port}: evidence.comparisons.baseline may name ${ports.map((each) => each.port).join(", ")}`,
    );
  if (clusterIP === HEADLESS)
    return unusable(
      `Service ${service} has no cluster IP to be asked at: name one that has in evidence.comparisons.baseline`,
    );
  if (answer === undefined) return { type: "Unread" };
  return answer.type === "Denied" ? unusable(`baseline ${againstOf({ service, port })}: ${answer.words}`) : undefined;
}

function unusable(problem: string): Access {
  return { type: "Unreadable", problem };
}
