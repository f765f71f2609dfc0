import { basename } from "node:path";
import { parseArgs } from "node:util";
import type { ArchiveHeader } from "../../api/contracts/archived-run.ts";
import { CohortsGate } from "../../api/v1alpha1/canary-gates.ts";
import { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { cohortsSpec } from "../../controllers/preferencecanary/gates/cohorts.ts";
import { type CohortsTest, cohortsTest } from "../../gates/cohorts.ts";
import { type WinRateTest, winRateTest } from "../../gates/win-rate.ts";
import { readBytes } from "../bytes.ts";
import { parseKey } from "../canary-key.ts";
import type { Command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import type { Host } from "../host.ts";
import { after, type Line } from "../lines.ts";
import { percentOption, required, wholeOption } from "../options.ts";
import { archivedRecords, archiveHeader, type HashedLines, hashedLines } from "./archive-file.ts";
import { type RecordedComparison, toComparison } from "./comparison.ts";
import type { Orders } from "./orders.ts";
import { replay } from "./replay.ts";
import { replayRun } from "./replay-run.ts";
import { replayReport } from "./report.ts";
import { readRows } from "./rows.ts";
import { runJson, runReport } from "./run-report.ts";

const DEFAULTS = PreferenceCanarySpec.shape.gates.shape.winRate.parse({});

const HELP = `Usage: dpo replay FILE [options]
       dpo replay --run NAMESPACE/NAME [REVISION] [options]

What the win rate gate would have said of recorded comparisons, and after how many.
FILE is CSV or JSONL, plain or gzip ("-" is stdin), one row a comparison: preference, 1 + P(candidate preferred) or
win, tie, loss; model, where there are several; labeler and cohort, where they are asked for.

A FILE that is the archive of a run, or with --run the one that a canary's status names, goes through all of its gates as
they were asked, and their verdicts are compared with what status said. It is the last run's unless a REVISION is named.

  --min 50%               a model at or under it is promoted with at most the probability falsePromotion
  --target 60%            a model at or over it is rolled back with at most the probability falseRollback
  --false-promotion 5%
  --false-rollback 5%
  --unit Row              what is one bet: each Row, or each Rater, whose first comparison of a model it is (column labeler)
  --cohorts new,old       also what gates.cohorts would have said of these (column cohort)
  --cohorts-min 45%       under which none of them may be
  --orders N              also count the verdicts over N shuffles of the comparisons
  --seed 1                of the shuffles
  --json                  for programs instead of a table: an array, or of a run an object

Of an archived run:
  -n, --namespace NAME    of the canary, where --run is its NAME alone; the context's own unless it is named
  --digest DIGEST         what the FILE must have; without it the one in its name, if there is one
  --collector URL         where the collector can be reached from here, if not where status says
  --service-account NAME  of the canary's namespace, whose token the collector is shown (default)
  --kubeconfig FILE       $KUBECONFIG or ~/.kube/config unless it is named
  --context NAME          of the kubeconfig; the current one unless it is named

Example: dpo replay comparisons.csv.gz --min 45% --target 50% --orders 200
         dpo replay --run chat/assistant
`;

const GATE_OPTIONS = {
  min: { type: "string" },
  target: { type: "string" },
  "false-promotion": { type: "string" },
  "false-rollback": { type: "string" },
  unit: { type: "string" },
  cohorts: { type: "string" },
  "cohorts-min": { type: "string" },
  orders: { type: "string" },
  seed: { type: "string" },
} as const;

const RUN_OPTIONS = {
  run: { type: "string" },
  namespace: { type: "string", short: "n" },
  collector: { type: "string" },
  "service-account": { type: "string" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
} as const;

const OPTIONS = {
  ...GATE_OPTIONS,
  ...RUN_OPTIONS,
  digest: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

export const command: Command = { summary: "what the gate would have said of recorded comparisons", help: HELP, run };

async function run(args: readonly string[], host: Host): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [first, ...more] = positionals;
  if (more.length > 0) throw new UsageError("replay takes one FILE, or --run NAMESPACE/NAME and one REVISION");
  if (values.run !== undefined)
    refuse(values, { digest: {} }, "is of a FILE: of a run it is the one that status names");
  if (values.run !== undefined) return replayFetched({ ...values, run: values.run }, first, host);
  refuse(values, RUN_OPTIONS, "is about a run: name the canary with --run");
  if (first === undefined) throw new UsageError("replay takes one FILE, or --run NAMESPACE/NAME");
  const file = hashedLines(readBytes(first, host));
  const begin = await file.lines.next();
  const header = begin.done ? undefined : archiveHeader(first, begin.value);
  if (header !== undefined)
    return replayArchive(first, { header, file, digest: values.digest ?? named(first) }, values, host);
  refuse(values, { digest: {} }, `is of an archive, and ${first} is none`);
  const rows = begin.done ? file.lines : after(begin.value, file.lines);
  await replayRows(first, rows, values, host);
}

async function replayFetched(
  values: Values & { readonly run: string },
  revision: string | undefined,
  host: Host,
): Promise<void> {
  const { collector, kubeconfig, context } = values;
  const { fetchRun } = await import("./fetch-run.ts");
  const { digest, bytes } = await fetchRun(
    {
      ...parseKey(values.run, values.namespace),
      serviceAccount: values["service-account"] ?? "default",
      ...(revision !== undefined && { revision }),
      ...(collector !== undefined && { collector }),
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    },
    host,
  );
  const file = hashedLines(bytes);
  const begin = await file.lines.next();
  const header = begin.done ? undefined : archiveHeader(digest, begin.value);
  if (header === undefined) throw new Failure(`what the collector has under ${digest} is no archive of a run`);
  await replayArchive(digest, { header, file, digest }, values, host);
}

interface OpenArchive {
  readonly header: ArchiveHeader;
  readonly file: HashedLines;
  /** That it must have. */
  readonly digest: string | undefined;
}

async function replayArchive(name: string, { header, file, digest }: OpenArchive, values: Values, host: Host) {
  refuse(values, GATE_OPTIONS, "is not for an archived run, which has its own numbers");
  const gates = await replayRun(header.run, archivedRecords(name, file, digest));
  const replayed = { header, digest: file.digest(), gates };
  host.print(values.json ? `${JSON.stringify(runJson(replayed), null, 2)}\n` : runReport(replayed));
  const different = gates.filter(({ isSame }) => isSame === false).map(({ said }) => said.name);
  if (different.length > 0)
    throw new Failure(`${different.join(" and ")}: the archived evidence does not say what status said of it`);
}

/** An archive as the collector gives it is named by its digest. */
function named(file: string): string | undefined {
  const hex = /^([0-9a-f]{64})\.jsonl(\.gz)?$/.exec(basename(file))?.[1];
  return hex && `sha256:${hex}`;
}

function refuse(values: Readonly<Record<string, unknown>>, options: object, why: string): void {
  const given = Object.keys(options).find((name) => values[name] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given} ${why}`);
}

async function replayRows(file: string, rows: AsyncGenerator<Line>, values: Values, host: Host): Promise<void> {
  const test = testOf(values);
  const options = { orders: ordersOf(values), isByLabeler: isByLabeler(values), cohorts: cohortsOf(values) };
  const models = await replay(usable(file, rows, host), test, options);
  if (models.length === 0) throw new Failure(`${file} holds no usable comparison: it needs a column "preference"`);
  host.print(values.json ? `${JSON.stringify(models, null, 2)}\n` : replayReport(models, test.spec));
}

function testOf(values: Values): WinRateTest {
  const spec = {
    min: percentOption("--min", values.min ?? DEFAULTS.min),
    target: percentOption("--target", values.target ?? DEFAULTS.target),
    falsePromotion: percentOption("--false-promotion", values["false-promotion"] ?? DEFAULTS.falsePromotion),
    falseRollback: percentOption("--false-rollback", values["false-rollback"] ?? DEFAULTS.falseRollback),
  };
  return refusingRanges(() => winRateTest(spec));
}

/** Numbers that no gate can be made of. */
function refusingRanges<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function isByLabeler({ unit = "Row" }: Values): boolean {
  if (unit !== "Row" && unit !== "Rater") throw new UsageError(`--unit is Row or Rater, not ${unit}`);
  return unit === "Rater";
}

/** What is not said is as in a canary that does not say it. */
function cohortsOf({ cohorts, "cohorts-min": min }: Values): CohortsTest | undefined {
  if (cohorts === undefined && min === undefined) return undefined;
  const names = required("--cohorts", cohorts)
    .split(",")
    .map((name) => name.trim());
  const asked = CohortsGate.safeParse({ names });
  if (!asked.success) throw new UsageError(`--cohorts: ${asked.error.issues[0]?.message ?? "is none"}`);
  const spec = cohortsSpec(asked.data);
  return refusingRanges(() =>
    cohortsTest(min === undefined ? spec : { ...spec, min: percentOption("--cohorts-min", min) }),
  );
}

function ordersOf({ orders, seed = "1" }: Values): Orders | undefined {
  const whole = wholeOption("--seed", seed, 0);
  return orders === undefined ? undefined : { count: wholeOption("--orders", orders, 1), seed: whole };
}

/** The rows that are comparisons; the others are named, by line and reason. */
async function* usable(file: string, rows: AsyncGenerator<Line>, host: Host): AsyncGenerator<RecordedComparison> {
  for await (const row of readRows(file, rows)) {
    const comparison = toComparison(row);
    if ("fault" in comparison) host.note(`${file}: line ${row.line}: ${comparison.fault}\n`);
    else yield comparison;
  }
}
