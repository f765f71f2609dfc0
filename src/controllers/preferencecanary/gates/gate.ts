import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { formatPercent } from "../../../api/v1alpha1/quantity.ts";
import type { Assessment } from "../../../gates/assess.ts";
import type { Evidence as Weight } from "../../../gates/mixture.ts";
import { type Evidence, type EvidenceRecords, NOTHING, type Stream } from "../evidence/evidence.ts";
import { isSilent, type Silence, silenceWords, silentFrom } from "../evidence/silence.ts";
import type { Shares } from "../run/shares.ts";

export type GateStatus = NonNullable<PreferenceCanaryStatus["gates"]>[number];

/** A gate of the spec, made ready for one run. */
export interface Gate {
  readonly name: string;
  /** What the error rates are promised for, in words: other words are another promise. */
  readonly numbers: string;
  /** What the candidate is compared with where that is not stable. */
  readonly against?: string | undefined;
  /** From when on its evidence is read, RFC 3339, where that is not all of its run's: with another time it is other evidence. */
  readonly since?: string | undefined;
  /** What it reads: a stream of the collector, or what another system answers when this gate asks it. */
  readonly stream: keyof EvidenceRecords;
  /** With all evidence folded that is at hand, one record after the other. */
  fold(previous: GateStatus | undefined, evidence: Evidence, look: Look): GateStatus;
  /** Whether folding can go on from it: what somebody else wrote may be anything. */
  isReadable(gate: GateStatus): boolean;
  /** From promotion on. */
  watched(gate: GateStatus): GateStatus;
}

/** When evidence is looked at, and how long there may be nothing new; undefined while there can be none. */
export interface Look {
  readonly now: Date;
  readonly silence: Silence | undefined;
  /** Absent while an arm has none. */
  readonly shares?: Shares | undefined;
  /** When the candidate was last tried again: what came before that cannot reject it. */
  readonly retriedAt?: Date | undefined;
}

/** What a gate is made of: a pure test of `src/gates`, and how its state is written into status. */
export interface GateDefinition<State, Name extends keyof EvidenceRecords> {
  readonly name: string;
  readonly numbers: string;
  readonly against?: string | undefined;
  readonly since?: string | undefined;
  readonly stream: Name;
  /** Whether the record is a bet of this gate; the others are only read. */
  counts(item: EvidenceRecords[Name], look: Look): boolean;
  /** Whether it says that evidence still comes, also where it is no bet; absent where only a bet does. */
  hears?(item: EvidenceRecords[Name]): boolean;
  fold(state: State, item: EvidenceRecords[Name], look: Look): State;
  /** Of a run's first look: undefined. */
  read(gate: Kept | undefined): State;
  write(state: State): Kept;
  /** Absent where everything can be read. */
  isReadable?(gate: GateStatus): boolean;
  /** Pieces of evidence: a record that adds none has only been read. */
  samples(state: State): number;
  retry(state: State): State;
  /** From promotion on; absent where nothing begins anew. */
  watch?(state: State): State;
  assess(state: State, problem: string | undefined): Said;
}

/** Whose answers are rated, and since when there can be any. */
export interface Rated {
  readonly revision: string;
  readonly since: string | undefined;
}

/** What a gate says: an interval and evidence only where it has a test. */
type Said = Omit<Assessment, "interval" | "evidence"> & Partial<Pick<Assessment, "interval" | "evidence">>;

export interface Numbered {
  readonly sequence: number;
  readonly id: string;
  readonly at: string;
  /** The record that this one is a later version of. */
  readonly corrects?: number;
}

/** The part of a gate's status that folding goes on from. */
export type Kept = Pick<
  GateStatus,
  "samples" | "sum" | "state" | "passedAt" | "failedAt" | "rollbackFrom" | "corrections"
>;

export function defineGate<State, Name extends keyof EvidenceRecords>(gate: GateDefinition<State, Name>): Gate {
  const { name, numbers, against, since } = gate;
  return {
    name,
    numbers,
    against,
    since,
    stream: gate.stream,
    isReadable: (known) => gate.isReadable?.(known) ?? true,
    fold(previous, evidence, look) {
      const stream = streamOf(gate, evidence);
      const { start, news } = position(previous, stream);
      const { state, newest } = foldAll(gate, gate.read(start), news, look);
      const read = reading(previous, stream, newest);
      const assessment = gate.assess(state, problemOf({ name, against, ...read }, stream, look));
      const corrections = (start?.corrections ?? 0) + correctionsIn(news);
      // Users rate what they are served: before that there is no verdict.
      const isEarly = gate.stream === "ratings" && look.silence?.served === undefined;
      return {
        name,
        numbers,
        ...(against !== undefined && { against }),
        ...(since !== undefined && { since }),
        ...(previous?.changedFrom !== undefined && { changedFrom: previous.changedFrom }),
        ...read,
        ...gate.write(state),
        ...(corrections > 0 && { corrections }),
        ...assessed(isEarly ? tooEarly(assessment) : assessment),
      };
    },
    watched(known) {
      return gate.watch === undefined ? known : { ...known, ...gate.write(gate.watch(gate.read(known))) };
    },
  };
}

function streamOf<Name extends keyof EvidenceRecords>(
  { name, stream }: { readonly name: string; readonly stream: Name },
  { answers, ...collected }: Evidence,
): Stream<EvidenceRecords[Name]> {
  const streams: { readonly [Each in keyof EvidenceRecords]: Stream<EvidenceRecords[Each]> } = {
    ...collected,
    answers: answers[name] ?? NOTHING,
  };
  return streams[stream];
}

function correctionsIn(records: readonly Numbered[]): number {
  return records.filter(({ corrects }) => corrects !== undefined).length;
}

/**
 * `newest`: when the last of the items came that says that evidence comes. What came before the last retry counts for
 * promotion, since that goes on over all tries, and not for rollback.
 */
function foldAll<State, Name extends keyof EvidenceRecords>(
  gate: GateDefinition<State, Name>,
  start: State,
  items: readonly EvidenceRecords[Name][],
  look: Look,
): { readonly state: State; readonly newest: string | undefined } {
  const { retriedAt } = look;
  let state = start;
  let newest: string | undefined;
  for (const item of items) {
    if (gate.hears?.(item)) newest = item.at;
    if (!gate.counts(item, look)) continue;
    const before = gate.samples(state);
    state = gate.fold(state, item, look);
    if (retriedAt !== undefined && Date.parse(item.at) <= retriedAt.getTime()) state = gate.retry(state);
    if (gate.samples(state) > before) newest = item.at;
  }
  return { state, newest };
}

/** What has yet to be folded, and onto what. Of several gates on a stream each is as far as it is. */
function position<Item extends Numbered>(
  previous: GateStatus | undefined,
  stream: Stream<Item>,
): { readonly start: Kept | undefined; readonly news: readonly Item[] } {
  const { from, records } = stream;
  const { cursor } = previous ?? {};
  if (isOutOfSight(stream)) return { start: previous, news: [] };
  // A stream from its first record is all of the evidence, whatever was folded before, as after a restore.
  if (previous === undefined || from === null) return { start: previous && anew(previous), news: records };
  return { start: previous, news: records.filter(({ sequence }) => sequence > (cursor?.sequence ?? 0)) };
}

/** A gate with nothing folded. A Fail stays, and so does where the last try began. */
export function anew({ failedAt, rollbackFrom }: GateStatus): Kept {
  return { samples: 0, sum: "0", ...(failedAt && { failedAt }), ...(rollbackFrom && { rollbackFrom }) };
}

/** Nothing of it was heard at this look, so that it does not say where it begins either. */
function isOutOfSight({ access, records }: Stream<unknown>): boolean {
  return access.type !== "Readable" && records.length === 0;
}

function reading(
  previous: GateStatus | undefined,
  stream: Stream<Numbered>,
  newest: string | undefined,
): Pick<GateStatus, "cursor" | "lastSampleTime"> {
  const last = stream.records.at(-1);
  const begin = isOutOfSight(stream) ? previous?.cursor : (stream.from ?? undefined);
  const cursor = last ? { sequence: last.sequence, id: last.id } : begin;
  const lastSampleTime = later(newest, previous?.lastSampleTime);
  return { ...(cursor && { cursor }), ...(lastSampleTime && { lastSampleTime }) };
}

/** A stream that is folded anew goes through times that status has been past. */
function later(one: string | undefined, other: string | undefined): string | undefined {
  return one !== undefined && (other === undefined || Date.parse(one) > Date.parse(other)) ? one : other;
}

/** Evidence that is out of sight, or that has stopped coming, is no evidence. */
function problemOf(
  gate: Pick<GateStatus, "name" | "lastSampleTime"> & Pick<Gate, "against">,
  { access }: Stream<Numbered>,
  { silence, now }: Look,
): string | undefined {
  if (access.type === "Unreadable") return access.problem;
  if (access.type === "Empty") return silentFrom(gate, silence) === undefined ? undefined : access.problem;
  // What has not been read yet is not silent.
  if (access.type === "Unread") return undefined;
  return silence !== undefined && isSilent(gate, silence, now) ? silenceWords(silence, gate.against) : undefined;
}

/** Whatever its evidence says: of what is stored and not live yet nobody knows how many are served by it. */
function tooEarly({ verdict, message, ...rest }: Said): Said {
  return {
    ...rest,
    verdict: verdict === "NoData" ? verdict : "Undecided",
    message: `the candidate serves no users yet; ${message}`,
  };
}

type Assessed = Pick<GateStatus, "verdict" | "samples" | "sum" | "estimate" | "interval" | "evidence" | "message">;

function assessed({ verdict, samples, sum, estimate, interval, evidence, message }: Said): Assessed {
  const { promote, rollback } = evidence ?? {};
  return {
    verdict,
    samples,
    sum: String(sum),
    ...(estimate !== undefined && { estimate: formatPercent(estimate) }),
    ...(interval && { interval: [formatPercent(interval.low), formatPercent(interval.high)] }),
    ...(rollback && { evidence: { ...(promote && { promote: outOf(promote) }), rollback: outOf(rollback) } }),
    message: message.slice(0, 1024),
  };
}

/** On a log10 scale: each step of one is ten times the evidence. */
function outOf({ log, logThreshold }: Weight): string {
  // Adding 0 makes 0 of -0.
  const digits = (value: number) => (Math.round((value / Math.LN10) * 10) / 10 + 0).toFixed(1);
  return `${digits(log)} of ${digits(logThreshold)}`;
}

/** The settings of a gate as one text, in an order of its own: the API server keeps none. */
export function numbersOf(settings: Readonly<Record<string, string | number>>): string {
  const sorted = Object.entries(settings).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([name, value]) => `${name} ${value}`).join(", ");
}
