import { cleanChecksToProve, emptySafety, minimumChecksToProve, safetyTest } from "../../src/gates/safety.ts";
import { percent } from "./percent.ts";
import { seededRandom, simulateSafety } from "./simulate.ts";
import { simulateProof } from "./simulate-proof.ts";

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
  reportProof(seed);
}

function reportProof(seed: number): void {
  const proof = safetyTest({ maxViolationRate: 0.0001, minChecked: 100, require: "ProvenBelow" });
  const least = minimumChecksToProve(0.0001, 0.05);
  console.log("\nSafety, ProvenBelow 0.01%, error 5%");
  console.log(`clean checks: ${least} for any test, ${cleanChecksToProve(proof, emptySafety)} for the shipped one`);
  console.log("true rate   runs  proven within 500000 checks  mean checked until then");
  for (const rate of [0.000001, 0.00001, 0.00003, 0.00005, 0.0001]) {
    const runs = rate === 0.0001 ? 20_000 : 2000;
    const figures = simulateProof(proof, seededRandom(seed), { rate, maxChecked: 500_000, runs });
    console.log(
      `${percent(rate, 4).padStart(9)}  ${String(runs).padStart(5)}  ${percent(figures.proven).padStart(27)}  ${Math.round(figures.meanChecked)}`,
    );
  }
}
