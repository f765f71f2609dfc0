import type { Choice } from "../api/contracts/collector-api.ts";
import type { Position, Reading } from "./prompt.ts";

export interface Answers {
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
}

/** Which of two answers is better, by where it stands; undefined when the judge said neither. */
export type Prefer = (reading: Reading) => Promise<Position | undefined>;

/**
 * Asks in both orders, each of which is half a point for the answer that it prefers. A judge that goes by the place alone
 * gives both answers the same, and so does one that sees no difference: a tie. What it leans to a place by is thus in no
 * mean, while one order alone would hand it to whoever stands there (Wang et al. 2024; Zheng et al. 2023, who also call
 * two orders that disagree a tie). undefined when the judge has no view in one of them.
 */
export async function inBothOrders(
  { prompt, a, b }: Answers,
  prefer: Prefer,
): Promise<Exclude<Choice["choice"], number> | undefined> {
  const forth = await prefer({ prompt, first: a, second: b });
  const back = forth && (await prefer({ prompt, first: b, second: a }));
  if (forth === undefined || back === undefined) return undefined;
  if (forth === back) return "Tie";
  return forth === "First" ? "A" : "B";
}
