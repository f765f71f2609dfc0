import { combineVerdicts, type Verdict } from "../../gates/verdict.ts";
import type { CanarySettings } from "./desired.ts";
import type { Evidence } from "./evidence.ts";
import { foldGates, type GateStatus, rememberedGates } from "./gates.ts";
import type { Observed } from "./observed.ts";
import type { Candidate, Run } from "./run.ts";
import { nextStep, type Progress, progressOf } from "./steps.ts";

/** All that the rules decide on: what was seen, and what follows from it. */
export interface Facts {
  readonly observed: Observed;
  readonly run: Run;
  readonly settings: CanarySettings;
  readonly now: Date;
  /** Of the candidate; none without one. */
  readonly gates: readonly GateStatus[];
  /** Of all gates together. */
  readonly verdict?: Verdict;
  /** The candidate gets no further as long as there is a reason. */
  readonly hold?: Hold;
  /** Of a running candidate whose pods are there. */
  readonly progress?: Progress;
  /** The last step is over and every gate has passed. */
  readonly isPromotable: boolean;
  /** The candidate can answer requests: all its pods at first, at least one of them from then on. */
  readonly isServing: boolean;
  /** Its pods were all ready once. */
  readonly hasEntered: boolean;
}

/** Why a candidate that has not failed gets no further. */
export type Hold = "Suspended" | "NoData" | "Unread" | "NotReady";

export function gatherFacts(
  observed: Observed,
  run: Run,
  evidence: Evidence,
  settings: CanarySettings,
  now: Date,
): Facts {
  const common = { observed, run, settings, now };
  const { candidate, stable } = run;
  if (candidate === undefined || stable === undefined) {
    return { ...common, gates: [], isPromotable: false, isServing: false, hasEntered: false };
  }
  const remembered = rememberedGates(observed, run);
  const gates = foldGates(observed.canary.spec, candidate, remembered, evidence);
  const verdict = combineVerdicts(gates.map((gate) => gate.verdict));
  const entry = entryOf(observed, candidate);
  const hold = holdOf(observed, verdict, evidence, entry.isServing);
  const judged = { ...common, ...entry, gates, verdict, ...(hold && { hold }) };
  if (candidate.state !== "Running" || !(entry.isServing || entry.hasEntered))
    return { ...judged, isPromotable: false };
  const { progress, isOver } = advance(
    observed,
    candidate,
    entry.isServing,
    hold === undefined ? verdict : undefined,
    now,
  );
  return { ...judged, progress, isPromotable: isOver && verdict === "Pass" && isOnRecord(remembered) };
}

/**
 * Whether the numbers that promote stand in status. Nobody is promoted by numbers that a crash could lose; a rollback
 * does not wait for that, its reason goes with the traffic.
 */
function isOnRecord(remembered: readonly GateStatus[]): boolean {
  return remembered.length > 0 && remembered.every(({ verdict }) => verdict === "Pass");
}

function entryOf({ canary, arms }: Observed, { revision }: Candidate): Pick<Facts, "isServing" | "hasEntered"> {
  const { deployment, service } = arms.get(revision) ?? {};
  const { status } = canary;
  const hasEntered = status?.candidate?.revision === revision && status.step !== undefined;
  const isReady = deployment !== undefined && (hasEntered ? deployment.available > 0 : deployment.ready);
  return { hasEntered, isServing: isReady && service !== undefined && !service.terminating };
}

function holdOf(
  { canary }: Observed,
  verdict: Verdict,
  { comparisons, checks }: Evidence,
  isServing: boolean,
): Hold | undefined {
  if (canary.spec.suspend) return "Suspended";
  if (verdict === "NoData") return "NoData";
  const streams = canary.spec.gates.safety === undefined ? [comparisons] : [comparisons, checks];
  if (streams.some(({ access }) => access.type === "Unread")) return "Unread";
  return isServing ? undefined : "NotReady";
}

/** Where the candidate is, or now gets to. `verdict` is absent while something holds it. */
function advance(
  { canary, route }: Observed,
  { revision }: Candidate,
  isServing: boolean,
  verdict: Verdict | undefined,
  now: Date,
): { readonly progress: Progress; readonly isOver: boolean } {
  const weight = route?.slots?.find((slot) => slot.revision === revision)?.weight ?? 0;
  const progress = progressOf({ canary, revision, weight, isServing }, now);
  const mayLeave = progress.remainingMs === 0 && verdict !== undefined && verdict !== "Fail";
  const next = mayLeave ? nextStep(progress, canary.spec.steps) : undefined;
  return { progress: next ?? progress, isOver: mayLeave && next === undefined };
}
