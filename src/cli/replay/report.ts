import { formatPercent } from "../../api/v1alpha1/quantity.ts";
import { formatInterval, winRatePromises } from "../../gates/explain.ts";
import type { WinRateSpec } from "../../gates/win-rate.ts";
import { table } from "../table.ts";
import type { Replayed } from "./replay.ts";

/** For people. */
export function replayReport(models: readonly Replayed[], spec: WinRateSpec): string {
  const hasOrders = models.some(({ orders }) => orders !== undefined);
  const heading = ["MODEL", "COMPARISONS", "WIN RATE", "INTERVAL", "VERDICT", "DECIDED AT"];
  const rows = models.map((model) => [...rowOf(model), ...(hasOrders ? ordersOf(model) : [])]);
  const full = hasOrders ? [...heading, "PASS", "FAIL", "UNDECIDED"] : heading;
  return `${table(full, rows)}\n${winRatePromises(spec).join("\n")}\n`;
}

function rowOf({ model, samples, estimate, interval: [low, high], verdict, decidedAt }: Replayed): string[] {
  const interval = formatInterval({ low, high });
  return [model ?? "-", String(samples), formatPercent(estimate), interval, verdict, String(decidedAt ?? "-")];
}

function ordersOf({ orders }: Replayed): string[] {
  return [orders?.Pass, orders?.Fail, orders?.Undecided].map((count) => String(count ?? "-"));
}
