import { type Betting, FIRST_ON_PROMPT } from "../../src/gates/bet.ts";
import { winRateTest } from "../../src/gates/win-rate.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { simulateUnits, type UnitsCell } from "./simulate-units.ts";

const RUNS = 4000;

const test = winRateTest({ min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 });

export function reportUnits(seed: number): void {
  console.log(`\nUnits: an equal model promoted at {50%, 60%}, error 5%, up to 3000 votes (${RUNS} runs each)`);
  console.log("who votes on what                              a bet a vote  a bet a unit  bets then");
  const anyone = { raters: 1, raterEffect: 0 };
  const anything = { prompts: 1, promptEffect: 0 };
  for (const raters of [10, 20, 50, 200]) {
    const who = { raters, raterEffect: 0.09, ...anything };
    row(seed, `${raters} recurring raters (ICC 0.09)`, who, { unit: "Rater", votesPerUnit: 1 });
  }
  row(
    seed,
    "10 recurring raters, their third votes",
    { raters: 10, raterEffect: 0.09, ...anything },
    { unit: "Rater", votesPerUnit: 3 },
  );
  for (const prompts of [20, 200]) {
    row(seed, `${prompts} recurring prompts (ICC 0.3)`, { ...anyone, prompts, promptEffect: 0.3 }, FIRST_ON_PROMPT);
  }
}

function row(seed: number, name: string, who: Omit<UnitsCell, "betting" | "maxVotes" | "runs">, unit: Betting): void {
  const simulate = (betting: Betting | undefined) =>
    simulateUnits(test, seededRandom(seed), { ...who, betting, maxVotes: 3000, runs: RUNS });
  const [each, once] = [simulate(undefined), simulate(unit)];
  console.log(
    `${name.padEnd(45)}  ${percent(each.promoted).padStart(12)}  ${percent(once.promoted).padStart(12)}  ${once.meanBets.toFixed(1).padStart(9)}`,
  );
}
