import { formatPercent } from "../../api/v1alpha1/quantity.ts";
import { table } from "../table.ts";
import type { TrueWorld } from "./arrivals.ts";
import type { Planned } from "./summary.ts";

const HEADING = [
  "TRUE WIN RATE",
  "PROMOTED",
  "ROLLED BACK",
  "UNDECIDED",
  "COMPARISONS",
  "MEDIAN",
  "90%",
  "HOURS",
  "MEDIAN",
  "90%",
];

/** For people. Columns of comparisons and hours: mean, median, and what nine of ten runs need at most. */
export function planReport(name: string, all: readonly Planned[], world: TrueWorld): string {
  return `${premises(name, all, world)}\n\n${table(HEADING, all.map(rowOf))}\n${all.map(verdictOn).join("")}`;
}

function premises(name: string, [first]: readonly Planned[], world: TrueWorld): string {
  const { comparisonsPerHour, checksPerHour, ratingsPerHour, units, cohorts, tieRate, asked } = world;
  const isMeasured = asked.some(({ breach }) => breach !== undefined);
  const unit = units === undefined ? "each of another prompt" : `of ${units} units again and again`;
  const violations = formatPercent(world.violationRate, 4);
  const approvals = `${formatPercent(world.approvalRate)} of the candidate's and ${formatPercent(world.stableApprovalRate)} of stable's approve`;
  return [
    `${first?.runs} runs of ${name} a line, with ${comparisonsPerHour} comparisons an hour, ${unit}.`,
    ...(tieRate > 0 ? [`Of them ${formatPercent(tieRate)} are ties.`] : []),
    ...(isMeasured ? [`Of each metric's samples ${formatPercent(world.breachRate)} break its bound.`] : []),
    ...(cohorts ? [`Each cohort has as many as the others and ${ownRates(world)}.`] : []),
    ...(checksPerHour > 0 ? [`Of ${checksPerHour} checks of answers an hour ${violations} find a violation.`] : []),
    ...(ratingsPerHour > 0 ? [`Of ${ratingsPerHour} ratings an hour ${approvals}.`] : []),
  ].join(" ");
}

function ownRates({ cohortWinRates = {} }: TrueWorld): string {
  const own = Object.entries(cohortWinRates).map(([name, rate]) => `${name} of ${formatPercent(rate)}`);
  return own.length === 0 ? "the same true win rate" : `the true win rate, but for ${own.join(" and ")}`;
}

function rowOf(planned: Planned): string[] {
  const { truth, promoted, rolledBack, undecided } = planned;
  const comparisons = [planned.meanComparisons, planned.medianComparisons, planned.p90Comparisons];
  const hours = [planned.meanHours, planned.medianHours, planned.p90Hours];
  return [
    ...[truth, promoted, rolledBack, undecided].map((rate) => formatPercent(rate)),
    ...comparisons.map((count) => count.toFixed(0)),
    ...hours.map((count) => count.toFixed(1)),
  ];
}

/** Which of the figures is an error at that truth, and which a rollback for another reason than the win rate. */
function verdictOn({ truth, mean, error, rolledBackBy }: Planned): string {
  const others = Object.entries(rolledBackBy).filter(([by]) => by !== "winRate");
  const beside = others.map(([by, rate]) => `; ${formatPercent(rate)} rolled back by ${by}`).join("");
  const ofAll = mean === undefined ? "" : `, ${formatPercent(mean)} of all`;
  return `At ${formatPercent(truth)}${ofAll}: ${errorWords(error)}${beside}.\n`;
}

function errorWords(error: Planned["error"]): string {
  if (error === null) return "between min and target neither outcome is an error";
  const { outcome, rate, promised } = error;
  const what =
    outcome === "promoted" ? "promoted although at or under min" : "rolled back by winRate although at or over target";
  return `${formatPercent(rate)} ${what}, an error: at most ${formatPercent(promised)} is promised`;
}
