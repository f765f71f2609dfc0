import type { Registry } from "prom-client";
import { instruments } from "../telemetry/instruments.ts";
import type { Batch } from "./batch.ts";
import type { CollectorStore } from "./store.ts";

export type RecordKind = "preference" | "choice" | "check" | "rating" | "pair";

export interface CollectorMetrics {
  batch(kind: RecordKind, batch: Batch): void;
  pair(result: string): void;
  acknowledged(kind: RecordKind, seconds: number): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export function createCollectorMetrics(registry: Registry, store: CollectorStore): CollectorMetrics {
  const { counter, gauge, histogram } = instruments(registry, SECONDS);
  const records = counter(
    "dpo_collector_records_total",
    "Records acknowledged, new (Accepted) or known already (Duplicate); pairs by what became of them.",
    ["kind", "result"],
  );
  const rejected = counter("dpo_collector_rejected_total", "Records refused, by reason.", ["kind", "reason"]);
  const seconds = histogram(
    "dpo_collector_acknowledgement_seconds",
    "From a request's body being read to its records being durable.",
    ["kind"],
  );
  gauge("dpo_collector_queue_pairs", "Pairs that wait for a labeler.", ["namespace", "dataset"], async (waiting) => {
    const depths = await store.queueDepths();
    waiting.reset();
    for (const { namespace, dataset, pairs } of depths) waiting.set({ namespace, dataset }, pairs);
  });

  return {
    batch(kind, batch) {
      for (const { result } of batch.results) records.inc({ kind, result });
      for (const { reason } of batch.rejected) rejected.inc({ kind, reason });
    },
    pair: (result) => records.inc({ kind: "pair", result }),
    acknowledged: (kind, duration) => seconds.observe({ kind }, duration),
  };
}
