import { parseArgs } from "node:util";
import { readText } from "../bytes.ts";
import { parseCanary } from "../canary-file.ts";
import type { Command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import type { Host } from "../host.ts";
import { percentOption, percentsOption, positiveOption, required, wholeOption } from "../options.ts";
import { type PlanOptions, plan } from "./plan.ts";
import { planReport } from "./report.ts";

const HELP = `Usage: dpo plan -f CANARY.yaml --true-win-rate RATES --comparisons-per-hour N [options] [NAME]

How many comparisons and hours until the canary of the file decides, and how often it is wrong, if the candidate's true
win rate is so. The controller's own decisions are simulated with the steps, gates and clocks of the file.
"-f -" reads stdin; NAME picks one canary of several.

  --true-win-rate 60%,70%     one line for each
  --comparisons-per-hour N    on average, at random times
  --units N                   comparisons come from N prompts or raters again and again, not each from another one
  --checks-per-hour N         of answers, for safety; as many as comparisons unless set
  --violation-rate 0%         share of the checked answers that are violations
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
  units: { type: "string" },
  "checks-per-hour": { type: "string" },
  "violation-rate": { type: "string", default: "0%" },
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
  const given = planOptions(values);
  const canary = parseCanary(file, await readText(file, host), positionals[0]);
  const options = canary.spec.evidence.checks ? given : withoutChecks(given);
  const planned = explained(file, () => plan(canary, options));
  host.print(
    values.json ? `${JSON.stringify(planned, null, 2)}\n` : planReport(canary.metadata.name, planned, options.world),
  );
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

function planOptions(values: Values): PlanOptions {
  const perHour = required("--comparisons-per-hour", values["comparisons-per-hour"]);
  const { units } = values;
  return {
    truths: percentsOption("--true-win-rate", required("--true-win-rate", values["true-win-rate"])),
    world: {
      comparisonsPerHour: positiveOption("--comparisons-per-hour", perHour),
      checksPerHour: positiveOption("--checks-per-hour", values["checks-per-hour"] ?? perHour),
      violationRate: percentOption("--violation-rate", values["violation-rate"]),
      ...(units !== undefined && { units: wholeOption("--units", units, 1) }),
    },
    runs: wholeOption("--runs", values.runs, 1),
    seed: wholeOption("--seed", values.seed, 0),
    maxComparisons: wholeOption("--max-comparisons", values["max-comparisons"], 1),
  };
}

/** Nobody reads them. */
function withoutChecks(options: PlanOptions): PlanOptions {
  return { ...options, world: { ...options.world, checksPerHour: 0 } };
}

/** The API server refuses numbers that no gate can be made of; here the gates do. */
function explained<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new Failure(`${file}: spec.gates: ${error.message}`) : error;
  }
}
