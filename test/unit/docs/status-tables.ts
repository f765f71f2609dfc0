import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Condition } from "../../../src/api/v1alpha1/object.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";

/** A row of docs/status.md for one reason, as `phase, reason, Ready, Reconciling, Stalled`. */
export type Row = string;

/** The rows of the table under a kind's heading; a cell with several reasons or several values of Ready makes several. */
export function documented(kind: string): Row[] {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/status.md"), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${kind}\n`));
  const rows = section?.split("\n").filter((line) => line.startsWith("| ")) ?? [];
  return rows.slice(1).flatMap((line) => {
    const [phase, reasons = "", ready = "", reconciling, stalled] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    return reasons
      .split(", ")
      .flatMap((reason) => ready.split(", ").map((value) => [phase, reason, value, reconciling, stalled].join(", ")));
  });
}

/** What a status says, in the same words. Its conditions must give one reason, but for a Ready that stays True meanwhile. */
export function said({ phase, conditions }: { phase?: string; conditions?: readonly Condition[] }): Row {
  const found = ["Ready", "Reconciling", "Stalled"].map((type) => findCondition(conditions, type));
  const [ready, reconciling, stalled] = found;
  const isReadyMeanwhile = ready?.status === "True" && reconciling?.status === "True";
  const reasons = new Set((isReadyMeanwhile ? [reconciling, stalled] : found).map((condition) => condition?.reason));
  return [phase, [...reasons].join(" and "), ...found.map((condition) => condition?.status)].join(", ");
}
