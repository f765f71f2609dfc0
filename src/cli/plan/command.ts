import { parseArgs } from "node:util";
import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { formatPercent, rounded } from "../../api/v1alpha1/quantity.ts";
import { againstOf } from "../../controllers/preferencecanary/evidence/baseline.ts";
import { readText } from "../bytes.ts";
import { parseCanary } from "../canary-file.ts";
import type { Command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import type { Host } from "../host.ts";
import { percentOption, percentsOption, positiveOption, required, wholeOption } from "../options.ts";
import type { TrueWorld } from "./arrivals.ts";
import { askedGates } from "./asked.ts";
import { type PlanOptions, plan } from "./plan.ts";
import { planReport } from "./report.ts";
import { oneOfSeveral, withoutExposure } from "./simulated.ts";

const HELP = `Usage: dpo plan -f CANARY.yaml --true-win-rate RATES --comparisons-per-hour N [options] [NAME]

How many comparisons and hours until the canary of the file decides, and how often it is wrong, if the candidate's true
win rate is so. The controller's own decisions are simulated with the steps, gates and clocks of the file.
"-f -" reads stdin; NAME picks one canary of several. maxExposure is left out.

  --true-win-rate 60%,70%     one line for each
  --comparisons-per-hour N    on average, at random times
  --ties 0%                   share of the comparisons that are ties; the true win rate has them as halves
  --cohort-win-rate new=40%   of some of gates.cohorts, where it is another than that of the others
  --units N                   comparisons come from N prompts or raters again and again, not each from another one
  --checks-per-hour N         of answers, for safety; as many as comparisons unless set
  --violation-rate 0%         share of the checked answers that are violations
  --ratings-per-hour N        of answers that users got, of both arms; as many as comparisons unless set
  --approval-rate RATE        share of the candidate's ratings that approve; compliance's target (or 80%) unless set
  --stable-approval-rate RATE of stable's ratings; the same unless set
  --breach-rate 0%            share of the samples of each of gates.metrics that break its bound; gates.webhook says Pass
  --runs 1000
  --seed 1
  --max-comparisons 10000     a run that has not ended by then, nor when its steps have lasted, is undecided
  --json                      an array for programs instead of a table

Example: dpo plan -f manifests/examples/preference-canary.yaml --true-win-rate 50%,60% --comparisons-per-hour 60
`;

const OPTIONS = {
  filename: { type: "string", short: "f" },
  "true-win-rate": { type: "string" },
  "comparisons-per-hour": { type: "string" },
  ties: { type: "string", default: "0%" },
  "cohort-win-rate": { type: "string" },
  units: { type: "string" },
  "checks-per-hour": { type: "string" },
  "violation-rate": { type: "string", default: "0%" },
  "ratings-per-hour": { type: "string" },
  "approval-rate": { type: "string" },
  "stable-approval-rate": { type: "string" },
  "breach-rate": { type: "string", default: "0%" },
  runs: { type: "string", default: "1000" },
  seed: { type: "string", default: "1" },
  "max-comparisons": { type: "string", default: "10000" },
  json: { type: "boolean", default: false },
} as const;

export const command: Command = { summary: "how long a canary will take, and how often it is wrong", help: HELP, run };

async function run(args: readonly string[], host: Host): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (positionals.length > 1) throw new UsageError("plan takes one NAME at most");
  const file = required("-f CANARY.yaml", values.filename);
  const options = planOptions(values);
  const asked = parseCanary(file, await readText(file, host), positionals[0]);
  const canary = withoutExposure(oneOfSeveral(asked));
  if (canary.spec.model !== asked.spec.model)
    host.note(
      "Of model.candidates one is planned, as if all comparisons were its own, at its part of the error rates.\n",
    );
  if (asked.spec.maxExposure)
    host.note("spec.maxExposure is left out: how many requests there are to be bounded is not simulated.\n");
  const { baseline } = canary.spec.evidence.comparisons;
  if (baseline)
    host.note(
      `The true win rate is that against baseline ${againstOf(baseline)}, which is taken to answer every time.\n`,
    );
  const world = worldOf(values, canary.spec);
  for (const rate of [...options.truths, ...Object.values(world.cohortWinRates ?? {})]) refuseTies(rate, world.tieRate);
  const planned = explained(file, () => plan(canary, world, options));
  host.print(values.json ? `${JSON.stringify(planned, null, 2)}\n` : planReport(canary.metadata.name, planned, world));
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

function planOptions(values: Values): PlanOptions {
  required("--comparisons-per-hour", values["comparisons-per-hour"]);
  return {
    truths: percentsOption("--true-win-rate", required("--true-win-rate", values["true-win-rate"])),
    runs: wholeOption("--runs", values.runs, 1),
    seed: wholeOption("--seed", values.seed, 0),
    maxComparisons: wholeOption("--max-comparisons", values["max-comparisons"], 1),
  };
}

/** With only wins and losses beside them the mean would be another. */
function refuseTies(winRate: number, tieRate: number): void {
  const most = rounded(2 * Math.min(winRate, 1 - winRate));
  if (tieRate > most)
    throw new UsageError(
      `--ties can be at most ${formatPercent(most)} at a true win rate of ${formatPercent(winRate)}: each is half a win`,
    );
}

/** Evidence that the canary does not ask for does not come. */
function worldOf(values: Values, { evidence, gates }: PreferenceCanarySpec): TrueWorld {
  const perHour = required("--comparisons-per-hour", values["comparisons-per-hour"]);
  const approval = values["approval-rate"] ?? gates.compliance?.target ?? "80%";
  const rate = (name: "checks-per-hour" | "ratings-per-hour") => positiveOption(`--${name}`, values[name] ?? perHour);
  const { units } = values;
  const { votesPerUnit } = evidence.comparisons;
  if (votesPerUnit > 1 && units === undefined)
    throw new UsageError(
      `--units is missing: the canary counts vote number ${votesPerUnit} of each, and comparisons that are each of another have none`,
    );
  return {
    comparisonsPerHour: positiveOption("--comparisons-per-hour", perHour),
    tieRate: percentOption("--ties", values.ties),
    checksPerHour: evidence.checks ? rate("checks-per-hour") : 0,
    violationRate: percentOption("--violation-rate", values["violation-rate"]),
    ratingsPerHour: evidence.ratings ? rate("ratings-per-hour") : 0,
    approvalRate: percentOption("--approval-rate", approval),
    stableApprovalRate: percentOption("--stable-approval-rate", values["stable-approval-rate"] ?? approval),
    asked: askedGates(gates),
    breachRate: percentOption("--breach-rate", values["breach-rate"]),
    ...(units !== undefined && { units: wholeOption("--units", units, 1) }),
    ...(gates.cohorts && { cohorts: gates.cohorts.names }),
    ...cohortWinRates(values["cohort-win-rate"], gates.cohorts?.names ?? []),
  };
}

function cohortWinRates(text: string | undefined, cohorts: readonly string[]): Pick<TrueWorld, "cohortWinRates"> {
  if (text === undefined) return {};
  const rates = text.split(",").map((part): [string, number] => {
    const [, name = "", rate = ""] = /^(.*)=(.*)$/.exec(part.trim()) ?? [];
    if (!cohorts.includes(name))
      throw new UsageError(
        `--cohort-win-rate: "${part}" is not a cohort of gates.cohorts with its rate, such as ${cohorts[0] ?? "new"}=40%`,
      );
    return [name, percentOption("--cohort-win-rate", rate)];
  });
  return { cohortWinRates: Object.fromEntries(rates) };
}

/** The API server refuses numbers that no gate can be made of; here the gates do. */
function explained<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new Failure(`${file}: spec.gates: ${error.message}`) : error;
  }
}
