import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Batch } from "./batch.ts";
import type { CollectorStore } from "./store.ts";

export type RecordKind = "preference" | "choice" | "check" | "pair";

export interface CollectorMetrics {
  batch(kind: RecordKind, batch: Batch): void;
  pair(result: string): void;
  acknowledged(kind: RecordKind, seconds: number): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export function createCollectorMetrics(registry: Registry, store: CollectorStore): CollectorMetrics {
  const registers = [registry];
  const records = new Counter({
    name: "dpo_collector_records_total",
    help: "Records acknowledged, new (Accepted) or known already (Duplicate); pairs by what became of them.",
    labelNames: ["kind", "result"],
    registers,
  });
  const rejected = new Counter({
    name: "dpo_collector_rejected_total",
    help: "Records refused, by reason.",
    labelNames: ["kind", "reason"],
    registers,
  });
  const seconds = new Histogram({
    name: "dpo_collector_acknowledgement_seconds",
    help: "From a request's body being read to its records being durable.",
    labelNames: ["kind"],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: "dpo_collector_queue_pairs",
    help: "Pairs that wait for a labeler.",
    labelNames: ["namespace", "dataset"],
    registers,
    async collect() {
      this.reset();
      for (const { namespace, dataset, pairs } of await store.queueDepths()) this.set({ namespace, dataset }, pairs);
    },
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
