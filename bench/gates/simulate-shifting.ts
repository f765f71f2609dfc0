import { winRateVerdict } from "../../src/gates/verdict.ts";
import {
  emptyWatchedWinRate,
  emptyWinRate,
  foldWinRate,
  type WinRateState,
  type WinRateTest,
} from "../../src/gates/win-rate.ts";

export interface ShiftingCell {
  /** The true mean of the n-th bet, from 0. */
  readonly mean: (n: number) => number;
  readonly monitor: boolean;
  /** A run promotes at the first Pass from this bet on, as one does that has steps to go through before. */
  readonly promotesFrom: number;
  /** Whether a Fail ends the run. Without it the promotion gate is seen alone. */
  readonly rollback: boolean;
  readonly maxBets: number;
  readonly runs: number;
}

export interface ShiftingFigures {
  /** Fractions of the runs. */
  readonly promoted: number;
  readonly rolledBack: number;
  /** Of the runs, those in which the monitor spoke before they ended. */
  readonly shifting: number;
}

export function simulateShifting(test: WinRateTest, random: () => number, cell: ShiftingCell): ShiftingFigures {
  const total = { promoted: 0, rolledBack: 0, shifting: 0 };
  for (let run = 0; run < cell.runs; run++) {
    let state: WinRateState = cell.monitor ? emptyWatchedWinRate : emptyWinRate;
    let ended = false;
    for (let n = 0; !ended && n < cell.maxBets; n++) {
      state = foldWinRate(test, state, { sequence: n + 1, outcome: random() < cell.mean(n) ? 1 : 0 });
      const { failedAt, ...unfailed } = state;
      const isRolledBack = cell.rollback && failedAt !== undefined;
      const isPromoted = state.samples >= cell.promotesFrom && winRateVerdict(test, unfailed) === "Pass";
      ended = isRolledBack || isPromoted;
      if (isRolledBack) total.rolledBack++;
      else if (isPromoted) total.promoted++;
    }
    if (state.shift?.change) total.shifting++;
  }
  const { promoted, rolledBack, shifting } = total;
  return { promoted: promoted / cell.runs, rolledBack: rolledBack / cell.runs, shifting: shifting / cell.runs };
}

/** One mean and then the other, in turns of as many bets. */
export function inTurns(first: number, second: number, turn: number): (n: number) => number {
  return (n) => (Math.floor(n / turn) % 2 === 0 ? first : second);
}
