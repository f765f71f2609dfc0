import type { Progress } from "./steps.ts";

/** Which share of the requests the candidate had when a record came; undefined where that is not known well enough. */
export interface Shares {
  /** `settleMs`: for how long a share must have been in force to count. */
  at(record: { readonly sequence: number; readonly at: string }, settleMs: number): Share | undefined;
}

export interface Share {
  /** Between 0 and 1. */
  readonly candidate: number;
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
}

/** Of a step whose weight is live and leaves both arms something. */
export function sharesIn(place: Progress | undefined): Shares | undefined {
  const { step, since: live } = place ?? {};
  if (step === undefined || live === undefined || step.weight <= 0 || step.weight >= 100) return undefined;
  const since = live.getTime();
  const share = { candidate: step.weight / 100, since };
  return { at: ({ at }, settleMs) => (Date.parse(at) >= since + settleMs ? share : undefined) };
}
