import { readBytes } from "../../src/cli/bytes.ts";
import { lines } from "../../src/cli/lines.ts";
import { toComparison } from "../../src/cli/replay/comparison.ts";
import { shuffle } from "../../src/cli/replay/orders.ts";
import { readRows } from "../../src/cli/replay/rows.ts";
import { outcomes, seededRandom } from "../gates/simulate.ts";
import { type Decided, type Outcome, RULES, type Rule } from "./rules.ts";

/**
 * `node bench/compared/main.ts [FILE]`: what three controllers make of the same streams of comparisons, as tables for
 * docs: promoted / rolled back, mean comparisons used. FILE holds recorded comparisons, as `dpo replay` reads them;
 * each model's are put in 200 orders.
 */
const RUNS = 5000;
const ORDERS = 200;
const MOST = 100_000;

/** Streams of one kind: as many as runs, each the same for every rule. */
interface Source {
  readonly name: string;
  readonly runs: number;
  stream(run: number): () => number | undefined;
}

const [file] = process.argv.slice(2);
printTable([0.6, 0.65, 0.7, 0.75].map(simulated));
if (file !== undefined) {
  const recorded = [...(await modelsOf(file))].map(([model, all]) => inOrders(model, all));
  const isClear = (source: Source) => RULES.every((rule) => share(decisions(rule, source), "RolledBack") === 1);
  console.log();
  printTable(recorded.filter((source) => !isClear(source)));
  console.log(
    `\nRolled back by every rule in every order: ${recorded
      .filter(isClear)
      .map(({ name }) => name)
      .join(", ")}`,
  );
}

function printTable(sources: readonly Source[]): void {
  console.log(`| rule | ${sources.map(({ name }) => name).join(" | ")} |\n|---|${sources.map(() => "---|").join("")}`);
  for (const rule of RULES) {
    const cells = sources.map((source) => summary(decisions(rule, source)));
    console.log(`| ${rule.name} | ${cells.join(" | ")} |`);
  }
}

function decisions({ decide }: Rule, { runs, stream }: Source): Decided[] {
  return Array.from({ length: runs }, (_, run) => decide(stream(run)));
}

function summary(decided: readonly Decided[]): string {
  const mean = decided.reduce((sum, { comparisons }) => sum + comparisons, 0) / decided.length;
  const percent = (of: Outcome) => `${Number((100 * share(decided, of)).toFixed(1))}%`;
  return `${percent("Promoted")} / ${percent("RolledBack")}, ${mean.toFixed(0)}`;
}

function share(decided: readonly Decided[], of: Outcome): number {
  return decided.filter(({ outcome }) => outcome === of).length / decided.length;
}

function simulated(truth: number): Source {
  return {
    name: `${truth * 100}%`,
    runs: RUNS,
    stream(run) {
      const draw = outcomes(seededRandom(run + 1), truth);
      let drawn = 0;
      return () => (++drawn > MOST ? undefined : draw());
    },
  };
}

function inOrders(model: string, recorded: readonly number[]): Source {
  const rate = recorded.reduce((sum, outcome) => sum + outcome, 0) / recorded.length;
  return {
    name: `${model}, ${(rate * 100).toFixed(1)}%`,
    runs: ORDERS,
    stream(run) {
      const order = [...recorded];
      shuffle(order, seededRandom(run + 1));
      let next = 0;
      return () => order[next++];
    },
  };
}

async function modelsOf(path: string): Promise<Map<string, number[]>> {
  const models = new Map<string, number[]>();
  const host = { cwd: process.cwd(), stdin: process.stdin };
  for await (const row of readRows(path, lines(readBytes(path, host)))) {
    const comparison = toComparison(row);
    if ("fault" in comparison) throw new Error(`${path}: line ${row.line}: ${comparison.fault}`);
    const model = comparison.model ?? "-";
    const outcomes = models.get(model) ?? [];
    models.set(model, outcomes);
    outcomes.push(comparison.outcome);
  }
  return models;
}
