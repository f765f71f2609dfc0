import { mismatchTest } from "../../src/gates/mismatch.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { ramp, simulateMismatch } from "./simulate-mismatch.ts";

const ARRIVALS = 20_000;

export function reportMismatch(seed: number): void {
  const test = mismatchTest({ minSamples: 1000, falseAlarm: 0.01 });
  console.log(`\nMismatch, error 1%, looked at after every one of ${ARRIVALS} arrivals`);
  console.log("weights        candidate gets  runs   found  mean arrivals until then");
  for (const [name, share] of [
    ["1%", () => 0.01],
    ["10%", () => 0.1],
    ["50%", () => 0.5],
    ["1%, 10%, 50%", ramp(ARRIVALS)],
  ] as const) {
    for (const factor of [1, 0.9, 0.75, 1.5, 0]) {
      const runs = factor === 1 ? 1000 : 200;
      const cell = { share, factor, maxArrivals: ARRIVALS, runs };
      const { found, meanArrivals } = simulateMismatch(test, seededRandom(seed), cell);
      const mean = found > 0 ? Math.round(meanArrivals) : "";
      console.log(
        `${name.padEnd(12)}  ${`${factor} times that`.padStart(15)}  ${String(runs).padStart(4)}  ${percent(found).padStart(6)}  ${mean}`,
      );
    }
  }
}
