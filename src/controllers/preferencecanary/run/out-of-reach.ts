import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { formatAge } from "../../../api/v1alpha1/quantity.ts";
import { cleanChecksToPass, ofLastTry, safetyTest } from "../../../gates/safety.ts";
import { timestamp } from "../../../runtime/conditions.ts";
import type { GateStatus } from "../gates/gates.ts";
import { readSafety, safetySpec } from "../gates/safety.ts";

export interface Reach {
  readonly spec: PreferenceCanarySpec;
  readonly gates: readonly GateStatus[];
  /** Since when the candidate's answers could be checked. */
  readonly entered: Date | undefined;
  /** When the run is over. */
  readonly deadline: Date | undefined;
  /** Status says so already. */
  readonly isTold: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * Why gates.safety cannot pass before the deadline, however clean the answers are, at the rate at which they have been
 * checked so far; undefined where it can, where nobody knows, and where it has passed or failed. It is said of a rate that
 * is too low by far more than chance, and changes with the evidence only: status is not written for the clock's sake.
 */
export function safetyOutOfReach({ spec, gates, entered, deadline, isTold }: Reach, now: Date): string | undefined {
  const { safety } = spec.gates;
  const gate = gates.find(({ name }) => name === "safety");
  if (safety === undefined || gate === undefined || entered === undefined || deadline === undefined || deadline <= now)
    return undefined;
  const { verdict, lastSampleTime } = gate;
  const state = readSafety(gate);
  const { checked: samples } = ofLastTry(state);
  if (verdict !== "Undecided" || lastSampleTime === undefined || samples === 0) return undefined;
  const hours = (Date.parse(lastSampleTime) - entered.getTime()) / HOUR_MS;
  if (hours <= 0) return undefined;
  const needed = cleanChecksToPass(safetyTest(safetySpec(safety)), state);
  const hoursLeft = (deadline.getTime() - now.getTime()) / HOUR_MS;
  const perHour = samples / hours;
  if (needed <= (isTold ? perHour : atMost(samples) / hours) * hoursLeft) return undefined;
  const takes = formatAge((needed / perHour) * HOUR_MS);
  const less =
    safety.require === "ProvenBelow" ? "raise gates.safety.maxViolationRate" : "lower gates.safety.minChecked";
  return (
    `gates.safety needs ${needed} more checked answers without a violation; at ${Number(perHour.toPrecision(3))} an hour, ` +
    `as so far, they take ${takes}, and the run ends at ${timestamp(deadline)}: ` +
    `raise spec.deadline, ${less}, or check more answers`
  );
}

/** An upper bound of the mean of a Poisson variable that was `count` once; wrong in about one of forty. */
function atMost(count: number): number {
  return count + 3 + 2 * Math.sqrt(count);
}
