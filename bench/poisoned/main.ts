/**
 * `node bench/poisoned/main.ts [SEEDS, 20] [FIRST, 1]`: what the demo's canary decides about the demo's two models, without
 * a cluster, and what is true of them, as a table for docs. A seed takes two and a half minutes of CPU.
 */
import { ensureNativeTfjs } from "../../hack/tools/tfjs.ts";
import { parsePercent } from "../../src/api/v1alpha1/quantity.ts";
import { loadBackend } from "../../trainer-image/src/backend.ts";
import { demoPrompts } from "../../trainer-image/src/demo/prompts.ts";
import { seededRandom } from "../../trainer-image/src/random.ts";
import { type Arms, assistant, COMPARISONS, type Decided, decide, SPEC, type Truth, truth } from "./judging.ts";
import { MIN_HELD_OUT, makeModels, type Trained } from "./models.ts";

interface Judged extends Decided {
  readonly seed: number;
  readonly heldOut: number;
  readonly truth: Truth;
}

/** More than are compared, since two models sometimes say the same. */
const FRESH_PROMPTS = 2.5 * COMPARISONS;
const [seeds = 20, first = 1] = process.argv.slice(2).map(Number);
const MIN = parsePercent(SPEC.gates.winRate.min);
const TARGET = parsePercent(SPEC.gates.winRate.target);

await ensureNativeTfjs();
const { tf } = await loadBackend();
const poisoned: Judged[] = [];
const good: Judged[] = [];
const columns = (model: string) => `${model}: verdict | true win rate | by the raters`;
console.log(`| seed | ${columns("poisoned against good")} | ${columns("good against base")} |\n|${"---|".repeat(7)}`);
for (let seed = first; seed < first + seeds; seed++) {
  const judged = await judgeSeed(seed);
  poisoned.push(judged.poisoned);
  good.push(judged.good);
  console.log(`| ${seed} | ${cells(judged.poisoned)} | ${cells(judged.good)} |`);
}
report("poisoned", "Fail", poisoned);
report("good", "Pass", good);

async function judgeSeed(seed: number): Promise<{ readonly poisoned: Judged; readonly good: Judged }> {
  const random = seededRandom(seed);
  const prompts = demoPrompts(random);
  const fresh = prompts.splice(0, FRESH_PROMPTS);
  const models = await makeModels(tf, seed, prompts, random);
  async function judge({ heldOut }: Trained, arms: Arms): Promise<Judged> {
    return { seed, heldOut, ...(await decide(arms, prompts, random)), truth: await truth(arms, fresh, random) };
  }
  const base = assistant(models.base, random);
  const better = assistant(models.good.weights, random);
  const worse = assistant(models.poisoned.weights, random);
  return {
    good: await judge(models.good, { candidate: better, stable: base }),
    poisoned: await judge(models.poisoned, { candidate: worse, stable: better }),
  };
}

function cells({ verdict, winRate: { samples, estimate }, truth: { rate, interval, byRaters } }: Judged): string {
  const measured = `${percent(rate)} (${interval.map(percent).join(" to ")})`;
  return `${verdict} after ${samples}, ${estimate} won | ${measured} | ${percent(byRaters)}`;
}

/** How often each verdict came, and with which numbers where it is not the expected one. */
function report(model: string, expected: Judged["verdict"], judged: readonly Judged[]): void {
  const count = (verdict: Judged["verdict"]) => judged.filter((each) => each.verdict === verdict).length;
  const weak = judged.filter(({ heldOut }) => heldOut < MIN_HELD_OUT).map(({ seed }) => seed);
  console.log(
    `\n${model}: ${count("Fail")} of ${judged.length} rolled back, ${count("Pass")} promoted; ` +
      `true win rates ${range(judged.map(({ truth: { rate } }) => rate))}; ` +
      `held-out pairs won ${range(judged.map(({ heldOut }) => heldOut))}, ` +
      `less than the demo's validation wants: ${weak.join(", ") || "none"}`,
  );
  for (const { seed, verdict, winRate, truth: is } of judged.filter((each) => each.verdict !== expected))
    console.log(`seed ${seed}, ${verdict}: ${winRate.message}; ${meaning(is)}`);
}

/** The gate's promises are about what its raters say. */
function meaning({ rate, byRaters }: Truth): string {
  const truly = `truly ${percent(rate)}, by the raters ${percent(byRaters)}`;
  if (byRaters <= MIN) return `${truly}: at or under min, so that a Pass is one of falsePromotion's errors`;
  if (byRaters >= TARGET) return `${truly}: at or over target, so that a Fail is one of falseRollback's errors`;
  return `${truly}: between min and target, where either may happen`;
}

function range(fractions: readonly number[]): string {
  return `${percent(Math.min(...fractions))} to ${percent(Math.max(...fractions))}`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)}%`;
}
