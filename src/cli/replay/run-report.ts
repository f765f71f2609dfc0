import type { ArchivedRun, ArchiveHeader } from "../../api/contracts/archived-run.ts";
import { table } from "../table.ts";
import type { ReplayedGate } from "./replay-run.ts";

/** One run that was replayed. */
export interface ReplayedRun {
  readonly header: ArchiveHeader;
  readonly digest: string;
  readonly gates: readonly ReplayedGate[];
}

type Gate = Pick<ArchivedRun["gates"][number], "verdict" | "samples" | "sum" | "passedAt" | "failedAt">;

/** For people. */
export function runReport({ header, digest, gates }: ReplayedRun): string {
  const { namespace, canary, run } = header;
  const head = [
    `${namespace}/${canary}: candidate ${run.candidate.revision} against ${opponentOf(run)}, ${run.outcome} at ${run.time}`,
    run.message,
    ...(run.among === undefined
      ? []
      : [`It was one of ${run.among} models, and judged at one part in ${run.among} of gates.winRate's rates`]),
    `Archive ${digest}`,
  ];
  const rows = gates.map(({ said, replayed, isSame }) => [
    said.name,
    describe(said),
    replayed === undefined ? "-" : describe(replayed),
    isSame === undefined ? "not archived" : isSame ? "same" : "DIFFERENT",
  ]);
  const changed = gates.flatMap(({ said }) =>
    said.changedFrom === undefined
      ? []
      : [
          `${said.name} was asked for something else at first: ${said.changedFrom}. All of its evidence is judged by the last numbers.`,
        ],
  );
  const corrected = gates.flatMap(({ said, replayed }) =>
    replayed?.corrections === undefined
      ? []
      : [
          `${said.name}: ${replayed.corrections} later versions of choices are in the evidence, and none of them is a bet.`,
        ],
  );
  const text = [
    ...head,
    "",
    table(["GATE", "STATUS SAID", "REPLAYED", ""], rows).trimEnd(),
    "",
    ...changed,
    ...corrected,
    summaryOf(gates),
  ];
  return `${text.join("\n")}\n`;
}

/** Whose place it was to take, and what it was compared with where that is another. */
function opponentOf({ stable, gates }: ArchivedRun): string {
  const against = againstIn(gates);
  return against === undefined ? `stable ${stable.revision}` : `baseline ${against}, stable ${stable.revision}`;
}

function againstIn(gates: ArchivedRun["gates"]): string | undefined {
  return gates.find(({ name }) => name === "winRate")?.against;
}

function summaryOf(gates: readonly ReplayedGate[]): string {
  if (gates.some(({ isSame }) => isSame === false)) return "The evidence does not say what status said.";
  const unasked = gates.filter(({ isSame }) => isSame === undefined).map(({ said }) => said.name);
  return unasked.length === 0
    ? "The evidence says again what status said."
    : `The evidence says again what status said; what other systems answered is not archived in full, so of ${unasked.join(", ")} there is status alone.`;
}

/** "Fail at record 411, 60 samples" */
function describe({ verdict, samples, ...gate }: Gate): string {
  const at = decidedAt(gate);
  return `${verdict}${at === null ? "" : ` at record ${at}`}, ${samples} samples`;
}

/** The collector's number of the record that decided. */
function decidedAt({ passedAt, failedAt }: Pick<Gate, "passedAt" | "failedAt">): number | null {
  return failedAt?.sequence ?? passedAt?.sequence ?? null;
}

/** For programs. */
export function runJson({ header, digest, gates }: ReplayedRun): object {
  const { namespace, canary, run } = header;
  const { candidate, stable, outcome, time } = run;
  const against = againstIn(run.gates);
  const numbers = (gate: Gate) => ({
    verdict: gate.verdict,
    samples: gate.samples,
    sum: Number(gate.sum),
    decidedAt: decidedAt(gate),
  });
  return {
    ...{ namespace, canary, candidate: candidate.revision, stable: stable.revision, outcome, time, digest },
    ...(against !== undefined && { against }),
    gates: gates.map(({ said, replayed, isSame }) => ({
      name: said.name,
      said: numbers(said),
      replayed: replayed === undefined ? null : numbers(replayed),
      same: isSame ?? null,
      corrections: replayed?.corrections ?? 0,
    })),
  };
}
