import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Replayed } from "../../src/cli/replay/replay.ts";
import { formatInterval } from "../../src/gates/explain.ts";

/** `node bench/replay/main.ts FILE`: `dpo replay` of recorded comparisons at three pairs of thresholds, 200 orders each, as a table for docs. */
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("which file of recorded comparisons? node bench/replay/main.ts FILE");

const dpo = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const thresholds = [
  ["25%", "30%"],
  ["45%", "50%"],
  ["60%", "65%"],
] as const;

const all = thresholds.map(([min, target]): Replayed[] => {
  const options = ["--min", min, "--target", target, "--orders", "200", "--json"];
  return JSON.parse(execFileSync(process.execPath, [dpo, "replay", file, ...options], { encoding: "utf8" }));
});

console.log(`| model | win rate | interval | ${thresholds.map((pair) => `{${pair.join(", ")}}`).join(" | ")} |`);
console.log(`|---|---|---|${thresholds.map(() => "---|").join("")}`);
for (const [index, { model, estimate, interval }] of (all[0] ?? []).entries()) {
  const [low, high] = interval;
  const verdicts = all.map((models) => inOrders(models[index]));
  console.log(
    `| ${[model, `${(estimate * 100).toFixed(2)}%`, formatInterval({ low, high }), ...verdicts].join(" | ")} |`,
  );
}

/** "Pass 36; 200 / 0": the verdict and after how many comparisons as recorded; how often Pass and Fail over the orders. */
function inOrders(replayed: Replayed | undefined): string {
  const { verdict, decidedAt, orders } = replayed ?? {};
  return `${verdict} ${decidedAt ?? ""}; ${orders?.Pass} / ${orders?.Fail}`;
}
