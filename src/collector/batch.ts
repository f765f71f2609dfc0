import type { AcknowledgedItem, RejectedItem } from "../api/contracts/collector-api.ts";
import type { IndexedItem, Intake } from "./intake.ts";
import type { ItemOutcome } from "./store.ts";

/** What became of a whole request: every item of it is in exactly one of the two lists, both in the request's order. */
export interface Batch {
  results: AcknowledgedItem[];
  rejected: RejectedItem[];
  /** The highest of the acknowledged, 0 when none is. */
  sequence: number;
}

export async function settleBatch<Item extends { id: string }>(
  field: string,
  intake: Intake<Item>,
  add: (items: Item[]) => Promise<ItemOutcome[]>,
): Promise<Batch> {
  const outcomes = await add(intake.good.map(({ item }) => item));
  const batch: Batch = { results: [], rejected: [...intake.rejected], sequence: 0 };
  for (const [position, outcome] of outcomes.entries()) {
    const good = intake.good[position];
    if (good !== undefined) record(batch, field, good, outcome);
  }
  batch.rejected.sort((one, other) => one.index - other.index);
  return batch;
}

function record(batch: Batch, field: string, good: IndexedItem<{ id: string }>, outcome: ItemOutcome): void {
  const { index, item } = good;
  if (outcome.result === "Rejected") {
    const { reason, message } = outcome;
    batch.rejected.push({ index, id: item.id, reason, path: `${field}[${index}].${outcome.path}`, message });
    return;
  }
  batch.results.push({ index, id: item.id, result: outcome.result, sequence: outcome.sequence, at: outcome.at });
  batch.sequence = Math.max(batch.sequence, outcome.sequence);
}
