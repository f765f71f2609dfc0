import { formatDuration } from "../../../api/v1alpha1/quantity.ts";
import { METRICS } from "../gates/gate-names.ts";

/** How long a gate may hear nothing, and since when it could have heard something. */
export interface Silence {
  /** Both arms can answer, so that their answers can be compared and checked. */
  readonly since: Date;
  /** The candidate serves users, so that they can rate it. */
  readonly served?: Date;
  /** And so does stable. */
  readonly bothServed?: Date;
  /** Metrics that measure the candidate against stable. */
  readonly metricsOfBoth?: readonly string[];
  readonly limitMs: number;
}

interface Heard {
  readonly name: string;
  readonly lastSampleTime?: string;
}

/** When a gate will have heard nothing for too long; undefined while it cannot have heard anything. */
export function silentFrom(gate: Heard, silence: Silence | undefined): Date | undefined {
  const since = silence && clockOf(gate.name, silence);
  if (silence === undefined || since === undefined) return undefined;
  const heard = gate.lastSampleTime === undefined ? 0 : Date.parse(gate.lastSampleTime);
  return new Date(Math.max(heard, since.getTime()) + silence.limitMs);
}

function clockOf(gate: string, { since, served, bothServed, metricsOfBoth = [] }: Silence): Date | undefined {
  if (gate === "regression" || gate === "mismatch" || metricsOfBoth.includes(gate)) return bothServed;
  return gate === "compliance" || gate.startsWith(METRICS) ? served : since;
}

export function isSilent(gate: Heard, silence: Silence | undefined, now: Date): boolean {
  const from = silentFrom(gate, silence);
  return from !== undefined && from <= now;
}

/** What a silent gate says: the same for as long as it is silent. `against`: the baseline, which may be why. */
export function silenceWords({ limitMs }: Pick<Silence, "limitMs">, against?: string): string {
  const silence = `nothing new came for ${formatDuration(limitMs)}`;
  if (against === undefined) return silence;
  return `${silence}; whether baseline ${against} answers is counted by the sampler, in dpo_sampler_answers_total{arm="baseline"}`;
}
