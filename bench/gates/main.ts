import { reportCalibration } from "./report-calibration.ts";
import { reportCohorts } from "./report-cohorts.ts";
import { reportMetric } from "./report-metric.ts";
import { reportMismatch } from "./report-mismatch.ts";
import { reportRegression } from "./report-regression.ts";
import { reportSafety } from "./report-safety.ts";
import { reportSelection } from "./report-selection.ts";
import { reportShifting } from "./report-shifting.ts";
import { reportUnits } from "./report-units.ts";
import { reportWinRate } from "./report-win-rate.ts";

/** `node bench/gates/main.ts [seed] [gate…]`: what the shipped gates do, in figures; all of them where none is named. */
const reports = {
  winRate: reportWinRate,
  safety: reportSafety,
  regression: reportRegression,
  cohorts: reportCohorts,
  shifting: reportShifting,
  metrics: reportMetric,
  mismatch: reportMismatch,
  calibration: reportCalibration,
  units: reportUnits,
  selection: reportSelection,
} satisfies Record<string, (seed: number) => void>;

const [seed = "1", ...asked] = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in reports));
if (unknown.length > 0) throw new Error(`no gate ${unknown.join(", ")}; there are ${Object.keys(reports).join(", ")}`);
for (const [name, report] of Object.entries(reports)) {
  if (asked.length === 0 || asked.includes(name)) report(Number(seed));
}
