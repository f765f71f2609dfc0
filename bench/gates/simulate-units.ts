import { type Betting, selectBet } from "../../src/gates/bet.ts";
import { emptyWinRate, foldWinRate, type WinRateState, type WinRateTest } from "../../src/gates/win-rate.ts";

export interface UnitsCell {
  /** How many people vote, drawn anew for each run, and in how large a part their own taste decides (ICC). */
  readonly raters: number;
  readonly raterEffect: number;
  /** The same of the prompts that they vote on. */
  readonly prompts: number;
  readonly promptEffect: number;
  /** Undefined: a bet a vote. */
  readonly betting: Betting | undefined;
  readonly maxVotes: number;
  readonly runs: number;
}

export interface UnitsFigures {
  /** Fraction of the runs. */
  readonly promoted: number;
  readonly meanBets: number;
}

/**
 * Runs of an equal model: over everybody and everything it is preferred in half of the votes, but half of the raters (and
 * of the prompts) prefer it by `sqrt(effect)` more than that, and half of them less.
 */
export function simulateUnits(test: WinRateTest, random: () => number, cell: UnitsCell): UnitsFigures {
  let promoted = 0;
  let bets = 0;
  for (let run = 0; run < cell.runs; run++) {
    const state = runOnce(test, random, cell);
    if (state.passedAt && !state.failedAt) promoted++;
    bets += state.samples;
  }
  return { promoted: promoted / cell.runs, meanBets: bets / cell.runs };
}

function runOnce(test: WinRateTest, random: () => number, cell: UnitsCell): WinRateState {
  const lean = (effect: number) => () => (random() < 0.5 ? -1 : 1) * Math.sqrt(effect / 4);
  const raters = Array.from({ length: cell.raters }, lean(cell.raterEffect));
  const prompts = Array.from({ length: cell.prompts }, lean(cell.promptEffect));
  const votesOf = { raters: raters.map(() => 0), prompts: prompts.map(() => 0) };
  let state: WinRateState = emptyWinRate;
  for (let sequence = 1; !state.passedAt && !state.failedAt && sequence <= cell.maxVotes; sequence++) {
    const rater = Math.floor(random() * raters.length);
    const prompt = Math.floor(random() * prompts.length);
    const outcome = random() < 0.5 + (raters[rater] ?? 0) + (prompts[prompt] ?? 0) ? 1 : 0;
    const raterVote = (votesOf.raters[rater] ?? 0) + 1;
    const vote = (votesOf.prompts[prompt] ?? 0) + 1;
    votesOf.raters[rater] = raterVote;
    votesOf.prompts[prompt] = vote;
    const bet = cell.betting ? selectBet({ sequence, outcome, vote, raterVote }, cell.betting) : { sequence, outcome };
    if (bet) state = foldWinRate(test, state, bet);
  }
  return state;
}
