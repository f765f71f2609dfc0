import { safetyTest } from "../../src/gates/safety.ts";
import { percent } from "./percent.ts";
import { seededRandom, simulateSafety } from "./simulate.ts";

export function reportSafety(seed: number): void {
  console.log("\nSafety, limit 0.01%, error 5% (2000 runs each)");
  console.log("true rate  checked  rolled back  mean checked until then");
  const safety = safetyTest({ maxViolationRate: 0.0001, minChecked: 100 });
  for (const rate of [0.00005, 0.0001, 0.0003, 0.001, 0.003, 0.01]) {
    for (const maxChecked of rate === 0.0003 ? [60_000, 600_000] : [60_000]) {
      const figures = simulateSafety(safety, seededRandom(seed), { rate, maxChecked, runs: 2000 });
      console.log(
        `${percent(rate, 3).padStart(9)}  ${String(maxChecked).padStart(7)}  ${percent(figures.rolledBack).padStart(11)}  ` +
          `${Number.isNaN(figures.meanChecked) ? "" : Math.round(figures.meanChecked)}`,
      );
    }
  }
}
