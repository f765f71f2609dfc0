import type { ArchivedRun, ArchiveLine } from "../../api/contracts/archived-run.ts";
import type { AskedAnswer, Cursor } from "../../api/contracts/collector-api.ts";
import type { ArchivedStream } from "../../api/contracts/run-archive.ts";
import { NO_EVIDENCE } from "../../controllers/preferencecanary/evidence/evidence.ts";
import { isAsked } from "../../controllers/preferencecanary/gates/gate-names.ts";
import { collectedGates, foldGates, type GateStatus } from "../../controllers/preferencecanary/gates/gates.ts";
import { rememberedShares } from "../../controllers/preferencecanary/gates/mismatch-state.ts";

type Said = ArchivedRun["gates"][number];

/** What status said of a gate, and what the same evidence makes the gates of this version say. */
export interface ReplayedGate {
  readonly said: Said;
  /** Absent where the archive has none of its evidence. */
  readonly replayed?: GateStatus;
  /** Absent likewise. */
  readonly isSame?: boolean;
}

type CollectedLine = Exclude<ArchiveLine, { readonly stream: "asked" }>;

interface Batch {
  readonly stream: ArchivedStream;
  readonly records: readonly CollectedLine["record"][];
}

/** Records folded at once. */
const BATCH = 1_000;

/**
 * The run's evidence through the gates that ship, as the controller folds it after it has lost its status: from the first
 * record on, each gate up to the record that it had come to.
 */
export async function replayRun(run: ArchivedRun, lines: AsyncIterable<ArchiveLine>): Promise<ReplayedGate[]> {
  const { candidate, stable, spec } = run;
  const sameModel = candidate.digest !== "" && candidate.digest === stable.digest;
  const judged = { revision: candidate.revision, sameModel };
  const look = lookOf(run);
  const ends = new Map(run.gates.map(({ name, cursor }) => [name, cursor?.sequence ?? 0]));
  const read = new Map<ArchivedStream, Cursor>();
  let gates: readonly GateStatus[] = foldGates(spec, judged, run.gates.map(unfolded), NO_EVIDENCE, look);
  const replayed = new Map(gates.map((gate) => [gate.name, gate]));
  const asked = new Map<string, AskedAnswer[]>();
  for await (const { stream, records } of batches(collectedOf(lines, asked), new Set(ends.values()))) {
    const from = read.get(stream) ?? null;
    const news = { from, records, access: { type: "Readable" } };
    gates = foldGates(spec, judged, gates, { ...NO_EVIDENCE, [stream]: news }, look);
    const last = records.at(-1);
    if (last !== undefined) read.set(stream, { sequence: last.sequence, id: last.id });
    for (const gate of gates) {
      if ((gate.cursor?.sequence ?? 0) <= (ends.get(gate.name) ?? 0)) replayed.set(gate.name, gate);
    }
  }
  const isArchived = new Set(collectedGates(spec, judged));
  for (const { name, cursor } of run.gates.filter((gate) => isAsked(gate.name))) {
    const answers = asked.get(name) ?? [];
    if (!isWhole(answers, cursor)) continue;
    const records = { from: null, records: answers, access: { type: "Readable" } } as const;
    gates = foldGates(spec, judged, gates, { ...NO_EVIDENCE, answers: { [name]: records } }, look);
    for (const gate of gates) if (gate.name === name) replayed.set(name, gate);
    isArchived.add(name);
  }
  return run.gates.map((said) => {
    const gate = isArchived.has(said.name) ? replayed.get(said.name) : undefined;
    return gate === undefined ? { said } : { said, replayed: gate, isSame: isSame(said, gate) };
  });
}

/** What the collector numbers; the rest is put by, each gate's by itself. */
async function* collectedOf(
  lines: AsyncIterable<ArchiveLine>,
  asked: Map<string, AskedAnswer[]>,
): AsyncGenerator<CollectedLine> {
  for await (const line of lines) {
    if (line.stream !== "asked") {
      yield line;
      continue;
    }
    const answers = asked.get(line.gate) ?? [];
    asked.set(line.gate, answers);
    answers.push(line.record);
  }
}

/** Every answer is there up to the last one that the gate had folded; one that was never told would be missed. */
function isWhole(answers: readonly AskedAnswer[], last: Cursor | undefined): boolean {
  return answers.every(({ sequence }, i) => sequence === i + 1) && answers.at(-1)?.id === last?.id;
}

/** NoData is about a moment and not about the evidence: of such a gate everything else has to be the same. */
export function isSame(said: Said, replayed: GateStatus): boolean {
  const isVerdict = said.verdict === "NoData" || said.verdict === replayed.verdict;
  return isVerdict && numbersOf(said) === numbersOf(replayed);
}

function numbersOf({ samples, sum, passedAt, failedAt }: Said): string {
  return [samples, sum, passedAt?.sequence, failedAt?.sequence].join();
}

/** Before its first record. Where the last try or the watch began is kept, as the controller keeps it. */
function unfolded({ name, numbers, rollbackFrom }: Said): GateStatus {
  const nothing = { samples: 0, sum: "0", verdict: "Undecided", message: "" } as const;
  return { name, ...(numbers !== undefined && { numbers }), ...nothing, ...(rollbackFrom && { rollbackFrom }) };
}

/** Silence is not in the evidence, so nothing is taken for silent; which share was in force is what the gate remembers. */
function lookOf({ time, served, retriedAt, gates }: ArchivedRun): Parameters<typeof foldGates>[4] {
  const since = served === undefined ? undefined : new Date(served);
  return {
    now: new Date(time),
    silence: since && { since, served: since, bothServed: since, limitMs: Number.POSITIVE_INFINITY },
    shares: rememberedShares(gates.find(({ name }) => name === "mismatch")?.state),
    retriedAt: retriedAt === undefined ? undefined : new Date(retriedAt),
  };
}

/** Records of one stream each, none beyond one of the `ends` that is before the batch's last. */
async function* batches(lines: AsyncIterable<CollectedLine>, ends: ReadonlySet<number>): AsyncGenerator<Batch> {
  let begun: { readonly stream: ArchivedStream; readonly records: CollectedLine["record"][] } | undefined;
  for await (const { stream, record } of lines) {
    if (begun !== undefined && begun.stream !== stream) yield begun;
    if (begun?.stream !== stream) begun = { stream, records: [] };
    begun.records.push(record);
    if (begun.records.length < BATCH && !ends.has(record.sequence)) continue;
    yield begun;
    begun = undefined;
  }
  if (begun !== undefined) yield begun;
}
