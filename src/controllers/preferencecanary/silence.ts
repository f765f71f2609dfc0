import { formatDuration } from "../../api/v1alpha1/quantity.ts";

/** How long a gate may hear nothing. */
export interface Silence {
  /** Since when its evidence could come: from then on silence counts. */
  readonly since: Date;
  readonly limitMs: number;
}

interface Heard {
  readonly lastSampleTime?: string;
}

/** When a gate will have heard nothing for too long; undefined while it cannot have heard anything. */
export function silentFrom({ lastSampleTime }: Heard, silence: Silence | undefined): Date | undefined {
  if (silence === undefined) return undefined;
  const heard = lastSampleTime === undefined ? 0 : Date.parse(lastSampleTime);
  return new Date(Math.max(heard, silence.since.getTime()) + silence.limitMs);
}

export function isSilent(gate: Heard, silence: Silence | undefined, now: Date): boolean {
  const from = silentFrom(gate, silence);
  return from !== undefined && from <= now;
}

/** What a silent gate says: the same for as long as it is silent. */
export function silenceWords({ limitMs }: Silence): string {
  return `nothing new came for ${formatDuration(limitMs)}`;
}
