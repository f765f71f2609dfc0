import type { Facts } from "./facts.ts";
import { startingPodsOf, unsampled } from "./run-standing.ts";
import { isContending, type Selection, type Standing, winRateOf } from "./selection.ts";
import type { Stand } from "./stand.ts";

/** One of several models is being chosen. */
export function selectionStand({ observed }: Facts, stable: string, { contenders, chosen }: Selection): Stand {
  const each = contenders.map((standing) => `${standing.name} (${standing.revision}) ${wordsOf(standing)}`).join("; ");
  const starting = contenders.find((standing) => standing.out === undefined && !isContending(standing));
  const pods =
    starting === undefined ? "" : `; ${starting.name} is starting: ${startingPodsOf(observed, starting.revision)}`;
  const choosing = chosen === undefined ? "One is to be chosen" : `${chosen.name} is chosen`;
  const message = `${choosing} by comparisons with ${stable}, which serves all requests: ${each}${pods}${unsampled(observed)}`;
  if (observed.canary.spec.suspend)
    return {
      phase: "Paused",
      standing: "NotReady",
      reason: "Suspended",
      message: `None is chosen while spec.suspend is true. ${message}`,
    };
  return { phase: "Progressing", standing: "InProgress", reason: "Selecting", message };
}

function wordsOf(standing: Standing): string {
  if (standing.out === "Rejected") return "is rejected";
  if (standing.out === "Failed") return "has failed";
  if (standing.rejection !== undefined) return `is rejected now: ${standing.rejection}`;
  if (!isContending(standing)) return "is not compared yet";
  const { verdict, estimate, samples = 0 } = winRateOf(standing) ?? {};
  return estimate === undefined ? "has no comparison yet" : `won ${estimate} of ${samples}, ${verdict}`;
}
