import { formatPercent } from "../../api/v1alpha1/quantity.ts";
import { formatInterval, winRatePromises } from "../../gates/explain.ts";
import type { WinRateSpec } from "../../gates/win-rate.ts";
import { table } from "../table.ts";
import type { Replayed, ReplayedCohorts } from "./replay.ts";

/** For people. */
export function replayReport(models: readonly Replayed[], spec: WinRateSpec): string {
  const hasOrders = models.some(({ orders }) => orders !== undefined);
  const heading = ["MODEL", "COMPARISONS", "WIN RATE", "INTERVAL", "VERDICT", "DECIDED AT"];
  const rows = models.map((model) => [...rowOf(model), ...(hasOrders ? ordersOf(model) : [])]);
  const full = hasOrders ? [...heading, "PASS", "FAIL", "UNDECIDED"] : heading;
  const ofCohorts = models.flatMap(({ model, cohorts }) => (cohorts ? [cohortsOf(model, cohorts)] : []));
  return `${table(full, rows)}\n${[...ofCohorts, ...winRatePromises(spec)].join("\n")}\n`;
}

/** "-: cohorts Fail at comparison 96 (new): new 41% of 120, old 55% of 130" */
function cohortsOf(model: string | null, { verdict, failedAt, harmed, each }: ReplayedCohorts): string {
  const at = failedAt === null ? "" : ` at comparison ${failedAt}${harmed.length > 0 ? ` (${harmed.join(", ")})` : ""}`;
  const rates = each.map(({ name, samples, estimate }) =>
    estimate === null ? `${name} none` : `${name} ${formatPercent(estimate)} of ${samples}`,
  );
  return `${model ?? "-"}: cohorts ${verdict}${at}: ${rates.join(", ")}`;
}

function rowOf({ model, samples, estimate, interval: [low, high], verdict, decidedAt }: Replayed): string[] {
  const interval = formatInterval({ low, high });
  return [model ?? "-", String(samples), formatPercent(estimate), interval, verdict, String(decidedAt ?? "-")];
}

function ordersOf({ orders }: Replayed): string[] {
  return [orders?.Pass, orders?.Fail, orders?.Undecided].map((count) => String(count ?? "-"));
}
