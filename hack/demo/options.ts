import { parseArgs } from "node:util";

/** What a person may ask of the demo. */
export type Command =
  | { readonly type: "Down" }
  | { readonly type: "Loop"; readonly options: LoopOptions }
  | { readonly type: "Pairs"; readonly options: PairsOptions };

export interface CommonOptions {
  /** An existing cluster; one of our own where unset. */
  readonly kubeconfig?: string;
}

export interface LoopOptions extends CommonOptions {
  readonly seed: number;
  /** PreferOld: at the canary, and only there, raters like what they used to dislike. */
  readonly raters: "Steady" | "PreferOld";
  /** Where the report is written as JSON. */
  readonly report?: string;
}

export interface PairsOptions extends CommonOptions {
  readonly file: string;
  readonly columns?: string;
}

export const USAGE = `Usage:
  npm run demo                                    the whole loop, on a cluster of its own
  npm run demo -- --seed N                        other preferences, other numbers of comparisons
  npm run demo -- --raters prefer-old             raters turn around at the canary: what is good is rolled back
  npm run demo -- --report FILE                   writes steps, client and runs as JSON as well
  npm run demo -- --pairs FILE [--columns prompt=instruction,…]
                                                  your own preferences through dataset, job and validation
  npm run demo -- --kubeconfig FILE               on an existing cluster
  npm run demo -- down                            takes everything down`;

export function parseOptions(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: "string", default: "1" },
      raters: { type: "string", default: "steady" },
      report: { type: "string" },
      pairs: { type: "string" },
      columns: { type: "string" },
      kubeconfig: { type: "string" },
    },
  });
  if (positionals.length === 1 && positionals[0] === "down") return { type: "Down" };
  if (positionals.length > 0) throw new Error(`"${positionals.join(" ")}" is no command.\n${USAGE}`);
  const common = values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig };
  if (values.pairs !== undefined) {
    const columns = values.columns === undefined ? {} : { columns: values.columns };
    return { type: "Pairs", options: { ...common, ...columns, file: values.pairs } };
  }
  if (values.columns !== undefined) throw new Error(`--columns goes with --pairs.\n${USAGE}`);
  const report = values.report === undefined ? {} : { report: values.report };
  return {
    type: "Loop",
    options: { ...common, ...report, seed: seedOf(values.seed), raters: ratersOf(values.raters) },
  };
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31)
    throw new Error(`--seed "${text}" must be a whole number from 0 to 2147483647.`);
  return seed;
}

function ratersOf(text: string): LoopOptions["raters"] {
  if (text === "steady") return "Steady";
  if (text === "prefer-old") return "PreferOld";
  throw new Error(`--raters "${text}" must be steady or prefer-old.`);
}
