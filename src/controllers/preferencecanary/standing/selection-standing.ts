import { againstOf } from "../evidence/baseline.ts";
import type { Facts } from "../facts.ts";
import { isContending, type Selection, type Standing, winRateOf } from "../selection/selection.ts";
import { startingPodsOf, unsampled } from "./run-standing.ts";
import type { Stand } from "./stand.ts";

/** One of several models is being chosen. */
export function selectionStand({ observed }: Facts, stable: string, { contenders, chosen }: Selection): Stand {
  const each = contenders.map((standing) => `${standing.name} (${standing.revision}) ${wordsOf(standing)}`).join("; ");
  const starting = contenders.find((standing) => standing.out === undefined && !isContending(standing));
  const pods =
    starting === undefined ? "" : `; ${starting.name} is starting: ${startingPodsOf(observed, starting.revision)}`;
  const choosing = chosen === undefined ? "One is to be chosen" : `${chosen.name} is chosen`;
  const { baseline } = observed.canary.spec.evidence.comparisons;
  const opponent = baseline ? `baseline ${againstOf(baseline)}, while ${stable} serves` : `${stable}, which serves`;
  const message = `${choosing} by comparisons with ${opponent} all requests: ${each}${pods}${unsampled(observed)}`;
  if (observed.canary.spec.suspend)
    return {
      phase: "Paused",
      standing: "NotReady",
      reason: "Suspended",
      message: `None is chosen while spec.suspend is true. ${message}`,
    };
  const reason = chosen === undefined ? whatIsMissing(contenders) : undefined;
  return { phase: "Progressing", standing: "InProgress", reason: reason ?? "Selecting", message };
}

/** Why nobody could be chosen now, whatever has been won, as in conditions. */
function whatIsMissing(contenders: readonly Standing[]): string | undefined {
  const left = contenders.filter(({ out, rejection }) => out === undefined && rejection === undefined);
  if (left.some((standing) => standing.isUnread)) return "ReadingEvidence";
  return left.length > 0 && left.every(({ verdict }) => verdict === "NoData") ? "NoData" : undefined;
}

function wordsOf(standing: Standing): string {
  if (standing.out === "Rejected") return "is rejected";
  if (standing.out === "Failed") return "has failed";
  if (standing.rejection !== undefined) return `is rejected now: ${standing.rejection}`;
  if (!isContending(standing)) return "is not compared yet";
  const { verdict, estimate, samples = 0 } = winRateOf(standing) ?? {};
  const won = estimate === undefined ? "has no comparison yet" : `won ${estimate} of ${samples}, ${verdict}`;
  if (standing.isUnread) return `${won}, and nobody is chosen before its evidence was read`;
  const unheard = standing.gates.find((gate) => gate.verdict === "NoData");
  return unheard === undefined ? won : `${won}, and cannot be chosen (${unheard.name}: ${unheard.message})`;
}
