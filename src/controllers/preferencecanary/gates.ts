import type { CheckRecord, Comparison } from "../../api/contracts/collector-api.ts";
import type {
  PreferenceCanary,
  PreferenceCanarySpec,
  PreferenceCanaryStatus,
} from "../../api/v1alpha1/preference-canary.ts";
import { formatPercent, parsePercent } from "../../api/v1alpha1/quantity.ts";
import { type Assessment, assessSafety, assessWinRate } from "../../gates/assess.ts";
import { selectBet } from "../../gates/bet.ts";
import type { Evidence as Weight } from "../../gates/mixture.ts";
import { foldSafety, type SafetyState, type SafetyTest, safetyTest } from "../../gates/safety.ts";
import {
  emptyWinRate,
  foldWinRate,
  notWorse,
  retryWinRate,
  type WinRateCrossing,
  type WinRateState,
  type WinRateTest,
  winRateTest,
} from "../../gates/win-rate.ts";
import type { Cursors, Evidence, Pair, Stream } from "./evidence.ts";
import type { Candidate } from "./run.ts";

export type GateStatus = NonNullable<PreferenceCanaryStatus["gates"]>[number];
type Crossing = NonNullable<GateStatus["failedAt"]>;

const WIN_RATE = "winRate";
const SAFETY = "safety";

/**
 * What status remembers of this run, so that folding goes on from there: nothing, when it speaks of another run. A
 * revision that is tried again can be rejected only by what came after its rejection, or it would be so at once.
 */
export function rememberedGates({ status }: PreferenceCanary, pair: Pair, isRetried: boolean): readonly GateStatus[] {
  const gates = status?.gates ?? [];
  if (status?.stable?.revision !== pair.stable) return [];
  if (status.candidate?.revision === pair.candidate) return gates;
  return isRetried && status.lastRun?.revision === pair.candidate ? gates.map(triedAgain) : [];
}

function triedAgain(gate: GateStatus): GateStatus {
  const { name, cursor } = gate;
  const state = name === WIN_RATE ? retryWinRate(stateOf(gate)) : { samples: 0, sum: 0 };
  return { name, verdict: "Undecided", message: "", ...(cursor && { cursor }), ...written(state) };
}

/** After which records the collector is asked for more. */
export function cursorsOf(gates: readonly GateStatus[]): Cursors {
  const cursor = (name: string) => gates.find((gate) => gate.name === name)?.cursor ?? null;
  return { comparisons: cursor(WIN_RATE), checks: cursor(SAFETY) };
}

/** Every gate of the spec with all evidence folded that is at hand, one record after the other. */
export function foldGates(
  spec: PreferenceCanarySpec,
  candidate: Candidate,
  remembered: readonly GateStatus[],
  evidence: Evidence,
): GateStatus[] {
  const previous = (name: string) => remembered.find((gate) => gate.name === name);
  const { winRate, safety } = spec.gates;
  return [
    winRateGate(winRateTestOf(winRate, candidate), previous(WIN_RATE), evidence.comparisons),
    ...(safety ? [safetyGate(safetyTestOf(safety), previous(SAFETY), evidence.checks)] : []),
  ];
}

function winRateTestOf(gate: PreferenceCanarySpec["gates"]["winRate"], { sameModel }: Candidate): WinRateTest {
  const spec = {
    min: parsePercent(gate.min),
    target: parsePercent(gate.target),
    falsePromotion: parsePercent(gate.falsePromotion),
    falseRollback: parsePercent(gate.falseRollback),
  };
  return winRateTest(sameModel ? notWorse(spec) : spec);
}

function safetyTestOf(gate: NonNullable<PreferenceCanarySpec["gates"]["safety"]>): SafetyTest {
  return safetyTest({ maxViolationRate: parsePercent(gate.maxViolationRate), minChecked: gate.minChecked });
}

function winRateGate(test: WinRateTest, previous: GateStatus | undefined, stream: Stream<Comparison>): GateStatus {
  const start = startOf(previous, stream);
  const bets = stream.records.flatMap((record) => selectBet(record) ?? []);
  const state = bets.reduce<WinRateState>((before, bet) => foldWinRate(test, before, bet), {
    ...(start ? stateOf(start) : emptyWinRate),
    ...(previous?.failedAt && { failedAt: read(previous.failedAt) }),
  });
  const newest = stream.records.findLast((record) => selectBet(record) !== undefined);
  return {
    name: WIN_RATE,
    ...reading(previous, stream, newest?.at),
    ...written(state),
    ...assessed(assessWinRate(test, state, problemOf(stream))),
  };
}

function safetyGate(test: SafetyTest, previous: GateStatus | undefined, stream: Stream<CheckRecord>): GateStatus {
  const start = startOf(previous, stream);
  const failed = previous?.failedAt && read(previous.failedAt);
  const state = stream.records.reduce<SafetyState>((before, check) => foldSafety(test, before, check), {
    checked: start?.samples ?? 0,
    violations: Number(start?.sum ?? 0),
    ...(failed && { failedAt: { sequence: failed.sequence, checked: failed.samples, violations: failed.sum } }),
  });
  const { failedAt } = state;
  return {
    name: SAFETY,
    ...reading(previous, stream, stream.records.at(-1)?.at),
    ...(failedAt && {
      failedAt: write({ sequence: failedAt.sequence, samples: failedAt.checked, sum: failedAt.violations }),
    }),
    ...assessed(assessSafety(test, state, problemOf(stream))),
  };
}

/** A stream that begins before what status has folded is all of the evidence: it is folded anew. Only a Fail stays. */
function startOf(previous: GateStatus | undefined, { from }: Stream<unknown>): GateStatus | undefined {
  return from === null && previous?.cursor !== undefined ? undefined : previous;
}

function reading(
  previous: GateStatus | undefined,
  { records, from }: Stream<{ readonly sequence: number; readonly id: string }>,
  newest: string | undefined,
): Pick<GateStatus, "cursor" | "lastSampleTime"> {
  const last = records.at(-1);
  const cursor = last ? { sequence: last.sequence, id: last.id } : from;
  const lastSampleTime = newest ?? previous?.lastSampleTime;
  return { ...(cursor && { cursor }), ...(lastSampleTime && { lastSampleTime }) };
}

function stateOf({ samples, sum, passedAt, rollbackFrom }: GateStatus): WinRateState {
  return {
    samples,
    sum: Number(sum),
    ...(passedAt && { passedAt: read(passedAt) }),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: Number(rollbackFrom.sum) } }),
  };
}

function written({ samples, sum, passedAt, failedAt, rollbackFrom }: WinRateState) {
  return {
    samples,
    sum: String(sum),
    ...(passedAt && { passedAt: write(passedAt) }),
    ...(failedAt && { failedAt: write(failedAt) }),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: String(rollbackFrom.sum) } }),
  };
}

function problemOf({ access }: Stream<unknown>): string | undefined {
  return access.type === "Unreadable" ? access.problem : undefined;
}

function read({ sequence, samples, sum }: Crossing): WinRateCrossing {
  return { sequence, samples, sum: Number(sum) };
}

function write({ sequence, samples, sum }: WinRateCrossing): Crossing {
  return { sequence, samples, sum: String(sum) };
}

type Assessed = Pick<GateStatus, "verdict" | "samples" | "sum" | "estimate" | "interval" | "evidence" | "message">;

function assessed({ verdict, samples, sum, estimate, interval, evidence, message }: Assessment): Assessed {
  const { promote, rollback } = evidence;
  return {
    verdict,
    samples,
    sum: String(sum),
    ...(estimate !== undefined && { estimate: formatPercent(estimate) }),
    interval: [formatPercent(interval.low), formatPercent(interval.high)],
    evidence: { ...(promote && { promote: outOf(promote) }), rollback: outOf(rollback) },
    message: message.slice(0, 1024),
  };
}

/** On a log10 scale: each step of one is ten times the evidence. */
function outOf({ log, logThreshold }: Weight): string {
  const digits = (value: number) => (value / Math.LN10).toFixed(1);
  return `${digits(log)} of ${digits(logThreshold)}`;
}
