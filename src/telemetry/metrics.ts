/**
 * Every metric of the runtime, under the names that controller-runtime and client-go use, so that existing dashboards and
 * alerts work. One registry a process, passed in: nothing is global.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import { instruments } from "./instruments.ts";

export type Metrics = ReturnType<typeof createMetrics>;

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { counter, gauge, histogram } = instruments(registry, SECONDS);

  return {
    registry,
    queue: {
      depth: gauge("workqueue_depth", "Keys ready to be handed out.", ["name"]),
      adds: counter("workqueue_adds_total", "Keys added.", ["name"]),
      retries: counter("workqueue_retries_total", "Keys added again after a failure.", ["name"]),
      wait: histogram("workqueue_queue_duration_seconds", "From ready to handed out.", ["name"]),
      work: histogram("workqueue_work_duration_seconds", "From handed out to done.", ["name"]),
    },
    reconcile: {
      total: counter("controller_runtime_reconcile_total", "Reconciles by result.", ["controller", "result"]),
      errors: counter("controller_runtime_reconcile_errors_total", "Reconciles that failed.", ["controller"]),
      terminalErrors: counter(
        "controller_runtime_terminal_reconcile_errors_total",
        "Reconciles that failed and are not tried again until something changes.",
        ["controller"],
      ),
      seconds: histogram("controller_runtime_reconcile_time_seconds", "Duration of a reconcile.", ["controller"]),
      active: gauge("controller_runtime_active_workers", "Reconciles under way.", ["controller"]),
      workers: gauge("controller_runtime_max_concurrent_reconciles", "Workers.", ["controller"]),
    },
    cache: {
      lists: counter("reflector_lists_total", "Full lists.", ["resource"]),
      watches: counter("reflector_watches_total", "Watches opened.", ["resource"]),
      failures: counter("reflector_failures_total", "Lists and watches that failed.", ["resource", "reason"]),
      handlerErrors: counter("reflector_handler_errors_total", "Exceptions in handlers.", ["resource"]),
      staleSyncSkips: counter(
        "stale_sync_skips_total",
        "Reconciles that began before the cache showed their own last write.",
        ["controller"],
      ),
    },
    leader: gauge("leader_election_master_status", "1 while this process leads.", ["name"]),
    events: counter("event_recorder_events_total", "Events by outcome.", ["outcome"]),
    notifications: counter("dpo_notifications_total", "Notifications by outcome.", ["target", "outcome"]),
  };
}
