import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import type { Cursors, Evidence } from "./evidence.ts";
import { anew, type Gate, type GateStatus, type Look } from "./gates/gate.ts";
import { safetyGate } from "./gates/safety.ts";
import { winRateGate } from "./gates/win-rate.ts";
import type { Observed } from "./observed.ts";
import type { Candidate, Run } from "./run.ts";

export type { GateStatus } from "./gates/gate.ts";

/** Every gate of the spec, for the run of this candidate. */
function gatesOf({ gates }: PreferenceCanarySpec, { sameModel }: Candidate): readonly Gate[] {
  const { winRate, safety } = gates;
  return [winRateGate(winRate, sameModel), ...(safety ? [safetyGate(safety)] : [])];
}

/** Every gate of the spec with all evidence folded that is at hand. */
export function foldGates(
  spec: PreferenceCanarySpec,
  candidate: Candidate,
  remembered: readonly GateStatus[],
  evidence: Evidence,
  look: Look,
): GateStatus[] {
  return gatesOf(spec, candidate).map((gate) => gate.fold(named(remembered, gate.name), evidence, look));
}

/** The same gates at the moment of promotion: evidence for taking it back is collected anew from here on. */
export function watchedGates(
  spec: PreferenceCanarySpec,
  candidate: Candidate,
  gates: readonly GateStatus[],
): GateStatus[] {
  return gatesOf(spec, candidate).flatMap((gate) => {
    const known = named(gates, gate.name);
    return known === undefined ? [] : [gate.watched(known)];
  });
}

/**
 * What status remembers of this run, so that folding goes on from there: nothing, when it speaks of another run. A
 * revision that is tried again can be rejected only by what came after its rejection, or it would be so at once.
 */
export function rememberedGates({ canary, records }: Observed, { stable, candidate }: Run): readonly GateStatus[] {
  const { status, spec } = canary;
  if (candidate === undefined || status?.stable?.revision !== stable) return [];
  const { revision } = candidate;
  const isSameRun = status?.candidate?.revision === revision;
  const isNewTry = records.get(revision)?.retried === true && status?.lastRun?.revision === revision;
  if (!isSameRun && !isNewTry) return [];
  return gatesOf(spec, candidate).flatMap((gate) => {
    const known = named(status?.gates ?? [], gate.name);
    if (known === undefined) return [];
    return [withNumbers(isSameRun ? known : gate.retried(known), gate.numbers)];
  });
}

/**
 * Other numbers are tried on all of the evidence: a gate without a cursor is folded anew. That they are others than
 * when the first piece came is never forgotten, since the promised error rates are for numbers fixed before it.
 */
function withNumbers(gate: GateStatus, numbers: string): GateStatus {
  if (gate.numbers === numbers) return gate;
  const { name, changedFrom, samples } = gate;
  const first = changedFrom ?? (samples > 0 ? gate.numbers : undefined);
  return {
    name,
    numbers,
    ...(first !== undefined && { changedFrom: first }),
    ...anew(gate),
    verdict: "Undecided",
    message: "",
  };
}

/** After which records the collector is asked for more: a stream that several gates read, from the one farthest behind. */
export function cursorsOf(gates: readonly GateStatus[]): Cursors {
  const cursor = (name: string) => named(gates, name)?.cursor ?? null;
  return { comparisons: cursor("winRate"), checks: cursor("safety") };
}

function named(gates: readonly GateStatus[], name: string): GateStatus | undefined {
  return gates.find((gate) => gate.name === name);
}
