import { parseArgs } from "node:util";
import { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { type WinRateTest, winRateTest } from "../../gates/win-rate.ts";
import { readBytes } from "../bytes.ts";
import type { Command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import type { Host } from "../host.ts";
import { lines } from "../lines.ts";
import { percentOption, wholeOption } from "../options.ts";
import { type RecordedComparison, toComparison } from "./comparison.ts";
import type { Orders } from "./orders.ts";
import { replay } from "./replay.ts";
import { replayReport } from "./report.ts";
import { readRows } from "./rows.ts";

const DEFAULTS = PreferenceCanarySpec.shape.gates.shape.winRate.parse({});

const HELP = `Usage: dpo replay FILE [options]

What the win rate gate would have said of recorded comparisons, and after how many.
FILE is CSV or JSONL, plain or gzip ("-" is stdin), one row a comparison: preference, 1 + P(candidate preferred) or
win, tie, loss; and model, where there are several. Other columns are not looked at.

  --min 50%               a model at or under it is promoted with at most the probability falsePromotion
  --target 60%            a model at or over it is rolled back with at most the probability falseRollback
  --false-promotion 5%
  --false-rollback 5%
  --orders N              also count the verdicts over N shuffles of the comparisons
  --seed 1                of the shuffles
  --json                  an array for programs instead of a table

Example: dpo replay comparisons.csv.gz --min 45% --target 50% --orders 200
`;

const OPTIONS = {
  min: { type: "string", default: DEFAULTS.min },
  target: { type: "string", default: DEFAULTS.target },
  "false-promotion": { type: "string", default: DEFAULTS.falsePromotion },
  "false-rollback": { type: "string", default: DEFAULTS.falseRollback },
  orders: { type: "string" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
} as const;

export const command: Command = { summary: "what the gate would have said of recorded comparisons", help: HELP, run };

async function run(args: readonly string[], host: Host): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("replay takes one FILE");
  const test = testOf(values);
  const models = await replay(usable(file, host), test, ordersOf(values));
  if (models.length === 0) throw new Failure(`${file} holds no usable comparison: it needs a column "preference"`);
  host.print(values.json ? `${JSON.stringify(models, null, 2)}\n` : replayReport(models, test.spec));
}

function testOf(
  values: Readonly<Record<"min" | "target" | "false-promotion" | "false-rollback", string>>,
): WinRateTest {
  const spec = {
    min: percentOption("--min", values.min),
    target: percentOption("--target", values.target),
    falsePromotion: percentOption("--false-promotion", values["false-promotion"]),
    falseRollback: percentOption("--false-rollback", values["false-rollback"]),
  };
  try {
    return winRateTest(spec);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

function ordersOf({ orders, seed }: { readonly orders?: string; readonly seed: string }): Orders | undefined {
  const whole = wholeOption("--seed", seed, 0);
  return orders === undefined ? undefined : { count: wholeOption("--orders", orders, 1), seed: whole };
}

/** The rows that are comparisons; the others are named, by line and reason. */
async function* usable(file: string, host: Host): AsyncGenerator<RecordedComparison> {
  for await (const row of readRows(file, lines(readBytes(file, host)))) {
    const comparison = toComparison(row);
    if ("fault" in comparison) host.note(`${file}: line ${row.line}: ${comparison.fault}\n`);
    else yield comparison;
  }
}
