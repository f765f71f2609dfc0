import type { Cursor } from "../../../api/contracts/collector-api.ts";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import type { Cursors, Evidence, StreamName } from "../evidence/evidence.ts";
import type { Observed } from "../observed.ts";
import type { Candidate, Run } from "../run/run.ts";
import { knownContender } from "../selection/contenders.ts";
import { calibrationGate } from "./calibration.ts";
import { cohortsGate } from "./cohorts.ts";
import { complianceGate } from "./compliance.ts";
import { anew, type Gate, type GateStatus, type Kept, type Look } from "./gate.ts";
import { metricGate } from "./metric.ts";
import { mismatchGate } from "./mismatch.ts";
import { regressionGate } from "./regression.ts";
import { safetyGate } from "./safety.ts";
import { webhookGate } from "./webhook.ts";
import { sharedOut, winRateGate } from "./win-rate.ts";

export type { GateStatus } from "./gate.ts";

/** The part of a spec that says what is asked. */
export type Asked = Pick<PreferenceCanarySpec, "gates" | "evidence">;

/** Whom the gates are about. */
export type Judged = Pick<Candidate, "revision" | "sameModel" | "among" | "firstServed">;

/** With the rates that one of so many candidates is judged at. */
export function gatesAmong({ gates }: Pick<Asked, "gates">, among: number | undefined): Asked["gates"] {
  return among === undefined ? gates : { ...gates, winRate: sharedOut(gates.winRate, among) };
}

/** Of one spec, which nobody changes, every look asks for the same ones. */
const made = new WeakMap<Asked, Map<string, readonly Gate[]>>();

/** Every gate of the spec, for the run of this candidate. */
function gatesOf(asked: Asked, judged: Judged): readonly Gate[] {
  const { revision, sameModel, among, firstServed } = judged;
  const key = `${revision} ${sameModel} ${among} ${firstServed}`;
  const ofSpec = made.get(asked);
  const known = ofSpec?.get(key);
  if (known !== undefined) return known;
  const gates = makeGates(asked, judged);
  made.set(asked, new Map([...(ofSpec ?? []), [key, gates]]));
  return gates;
}

function makeGates(asked: Asked, judged: Judged): readonly Gate[] {
  const { comparisons } = asked.evidence;
  const { unit, votesPerUnit, baseline } = comparisons;
  const { sameModel, revision, among, firstServed } = judged;
  const rated = { revision, since: firstServed };
  const gates = gatesAmong(asked, among);
  const { winRate, safety, compliance, regression, cohorts, mismatch, calibration, metrics = [], webhook } = gates;
  return [
    winRateGate(winRate, { unit, votesPerUnit, ...(baseline && { baseline }) }, sameModel),
    ...(safety ? [safetyGate(safety)] : []),
    ...(compliance ? [complianceGate(compliance, rated)] : []),
    ...(regression ? [regressionGate(regression, rated)] : []),
    ...(cohorts ? [cohortsGate(cohorts, comparisons)] : []),
    ...(mismatch ? [mismatchGate(mismatch, rated)] : []),
    ...(calibration ? [calibrationGate(calibration, comparisons)] : []),
    ...metrics.map(metricGate),
    ...(webhook ? [webhookGate(webhook)] : []),
  ];
}

/** Every gate of the spec with all evidence folded that is at hand, onto what was folded before. */
export function foldGates(
  spec: Asked,
  candidate: Judged,
  folded: readonly GateStatus[],
  evidence: Evidence,
  look: Look,
): GateStatus[] {
  return gatesOf(spec, candidate).map((gate) => gate.fold(named(folded, gate.name), evidence, look));
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
 * Every gate of the spec as status remembers it, so that folding goes on from there; with nothing folded where status
 * speaks of another run, or not of this gate.
 */
export function rememberedGates(observed: Observed, { stable, candidate }: Run): readonly GateStatus[] {
  const { status, spec } = observed.canary;
  if (candidate === undefined || stable === undefined) return [];
  const isSameRun = status?.stable?.revision === stable && status?.candidate?.revision === candidate.revision;
  // Just chosen: its evidence goes on.
  const chosen = knownContender(observed, stable, candidate.revision);
  return remembered(spec, candidate, (isSameRun ? status?.gates : chosen?.gates) ?? []);
}

/** Likewise, from what was said `before` of the same two revisions. */
export function remembered(spec: Asked, candidate: Judged, before: readonly GateStatus[]): readonly GateStatus[] {
  return gatesOf(spec, candidate).map((gate) => {
    const known = named(before, gate.name);
    if (known === undefined) return unfolded(gate.name, gate.numbers, NOTHING_KEPT);
    const asked = withNumbers(known, gate);
    return gate.isReadable(known) ? asked : unfolded(gate.name, gate.numbers, anew(asked), asked);
  });
}

const NOTHING_KEPT: Kept = { samples: 0, sum: "0" };

/** Without a cursor it is folded from the first record on. When evidence last came is known all the same. */
function unfolded(
  name: string,
  numbers: string | undefined,
  kept: Kept,
  { changedFrom, lastSampleTime }: Pick<GateStatus, "changedFrom" | "lastSampleTime"> = {},
): GateStatus {
  return {
    name,
    ...(numbers !== undefined && { numbers }),
    ...(changedFrom !== undefined && { changedFrom }),
    ...kept,
    ...(lastSampleTime !== undefined && { lastSampleTime }),
    verdict: "Undecided",
    message: "",
  };
}

/**
 * Other numbers are tried on all of the evidence. That they are others than when the first piece came is never
 * forgotten, since the promised error rates are for numbers fixed before it. With another baseline, or from another time on,
 * there is other evidence, of which no record is where the last try began.
 */
function withNumbers(known: GateStatus, { numbers, against, since }: Gate): GateStatus {
  const isSamePromise = known.numbers === numbers;
  const isSameEvidence = known.against === against && known.since === since;
  if (isSamePromise && isSameEvidence) return known;
  const { name, samples, lastSampleTime } = known;
  const changedFrom = known.changedFrom ?? (samples > 0 && !isSamePromise ? known.numbers : undefined);
  const { rollbackFrom, ...kept } = anew(known);
  return unfolded(
    name,
    numbers,
    { ...kept, ...(isSameEvidence && rollbackFrom && { rollbackFrom }) },
    {
      ...(changedFrom !== undefined && { changedFrom }),
      ...(lastSampleTime !== undefined && { lastSampleTime }),
    },
  );
}

/**
 * After which records the collector is asked for more: a stream that several gates read, from the one farthest behind. Ratings
 * are not read before it is known since when there can be any.
 */
export function cursorsOf(spec: Asked, candidate: Judged, folded: readonly GateStatus[]): Cursors {
  const cursors: { -readonly [Name in keyof Cursors]: Cursors[Name] } = {};
  for (const { name, stream, since } of gatesOf(spec, candidate)) {
    if (stream === "answers" || (stream === "ratings" && since === undefined)) continue;
    const { cursor = null } = named(folded, name) ?? {};
    const other = cursors[stream];
    cursors[stream] = other === undefined || isBehind(cursor, other) ? cursor : other;
  }
  return cursors;
}

/** The last record of each stream that a gate has folded: all that they said was made of what is up to there. */
export function readUntil(
  spec: Asked,
  candidate: Judged,
  gates: readonly GateStatus[],
): Readonly<Partial<Record<StreamName, Cursor>>> {
  const last: Partial<Record<StreamName, Cursor>> = {};
  for (const { name, stream } of gatesOf(spec, candidate)) {
    const { cursor } = named(gates, name) ?? {};
    if (stream !== "answers" && cursor !== undefined && isBehind(last[stream] ?? null, cursor)) last[stream] = cursor;
  }
  return last;
}

/** The gates whose evidence comes from the collector. */
export function collectedGates(spec: Asked, candidate: Judged): ReadonlySet<string> {
  return new Set(gatesOf(spec, candidate).flatMap(({ name, stream }) => (stream === "answers" ? [] : [name])));
}

function isBehind(cursor: Cursor | null, other: Cursor | null): boolean {
  return (cursor?.sequence ?? 0) < (other?.sequence ?? 0);
}

function named(gates: readonly GateStatus[], name: string): GateStatus | undefined {
  return gates.find((gate) => gate.name === name);
}
