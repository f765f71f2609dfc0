import { safetyTest } from "../../../gates/safety.ts";
import { winRateTest } from "../../../gates/win-rate.ts";

/** Of the numbers that somebody asks for there are few; whoever changes them again and again must not fill the memory. */
const MOST = 100;

/** Most canaries ask for the same numbers: one test does for all of them. */
export const sharedWinRateTest = shared(winRateTest);
export const sharedSafetyTest = shared(safetyTest);

/** `make` is told by its arguments alone what to make, and they are plain data. */
function shared<Args extends readonly unknown[], Test>(make: (...args: Args) => Test): (...args: Args) => Test {
  const made = new Map<string, Test>();
  return (...args) => {
    const key = JSON.stringify(args);
    const known = made.get(key);
    if (known !== undefined) return known;
    if (made.size >= MOST) made.clear();
    const test = make(...args);
    made.set(key, test);
    return test;
  };
}
