import * as z from "zod";
import { FIELD_MANAGER } from "./api/v1alpha1/metadata.ts";
import { addDPOJobController } from "./controllers/dpojob/controller.ts";
import { createProgressServer } from "./controllers/dpojob/progress-server.ts";
import { addPreferenceCanaryController } from "./controllers/preferencecanary/controller.ts";
import { addPreferenceDatasetController } from "./controllers/preferencedataset/controller.ts";
import { createCollectorClient } from "./evidence/collector-client.ts";
import { createPrometheusClient, PrometheusServer } from "./evidence/prometheus.ts";
import { createWebhookClient, WebhookEndpoint } from "./evidence/webhook.ts";
import type { ClusterConfig } from "./kube/config.ts";
import { RENEW_DEADLINE_MS } from "./kube/lease.ts";
import { createNotifier, NotificationTarget } from "./notify/notifier.ts";
import type { Clock } from "./runtime/clock.ts";
import { createManager } from "./runtime/manager.ts";
import { eventLoopCheck, startHealthServer } from "./telemetry/health.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { Probe } from "./traffic/probe.ts";

/** The environment variable that holds ManagerConfig as JSON. */
export const MANAGER_ENV = "DPO_MANAGER";

export const ManagerConfig = z.strictObject({
  /** Where the operator's Lease is. */
  namespace: z.string().min(1),
  /** The image of samplers, profiles and fetch init containers: the operator's own. */
  operatorImage: z.string().min(1),
  /** The image of `trainer.runtime: tfjs`. */
  trainerImage: z.string().min(1),
  collector: z.strictObject({ url: z.url(), tokenFile: z.string().min(1) }),
  /** Where trainers reach the progress server. */
  progressUrl: z.url(),
  healthPort: z.int().min(0).max(65_535).default(8081),
  progressPort: z.int().min(0).max(65_535).default(8082),
  /** Who else is told what `kubectl describe` tells. */
  notifications: z.array(NotificationTarget).max(20).default([]),
  /** Whom gates.metrics may ask, and gates.webhook: by these names, so that tenants cannot make the operator call what they like. */
  prometheus: z.array(PrometheusServer).max(20).default([]),
  webhooks: z.array(WebhookEndpoint).max(20).default([]),
});
export type ManagerConfig = z.infer<typeof ManagerConfig>;

export interface ManagerDependencies {
  readonly cluster: ClusterConfig;
  /** Unique to this process. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** How a gateway or an arm is asked. */
  readonly probe: Probe;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Puts the operator together and runs it until the signal is aborted. Rejects when it can no longer lead. */
export async function runManager(config: ManagerConfig, deps: ManagerDependencies, signal: AbortSignal): Promise<void> {
  const { clock, random, probe, logger, metrics } = deps;
  const { collector: collectorConfig, operatorImage, trainerImage, progressUrl } = config;
  const lease = { namespace: config.namespace, name: "dpo-manager" };
  const notifier = createNotifier({ targets: config.notifications, clock, logger, metrics });
  const { cluster } = deps;
  const manager = createManager({ ...deps, config: cluster, name: "dpo.dev/manager", lease, onEvent: notifier.notify });
  const collector = createCollectorClient(collectorConfig, clock);
  const prometheus = createPrometheusClient(config.prometheus, clock);
  const webhooks = createWebhookClient(config.webhooks, clock);

  const profiles = { operatorImage, collectorUrl: collectorConfig.url };
  addPreferenceDatasetController(manager, { clock, collector, settings: profiles });
  addDPOJobController(manager, { clock, settings: { trainerImage, progressUrl } });
  const respondents = { prometheus, webhooks };
  addPreferenceCanaryController(manager, {
    clock,
    random,
    collector,
    respondents,
    probe,
    logger,
    metrics,
    settings: profiles,
  });

  const health = await startHealthServer({
    port: config.healthPort,
    metrics,
    live: [eventLoopCheck(RENEW_DEADLINE_MS)],
    ready: [manager.ready],
  });
  const progress = createProgressServer(manager.client(FIELD_MANAGER.progress), logger);
  // The leader alone may write, so only while leading is progress taken; until then trainers try again.
  manager.addTask(async (stopping) => {
    await progress.listen({ host: "0.0.0.0", port: config.progressPort });
    logger.info("leading");
    await new Promise((resolve) => stopping.addEventListener("abort", resolve, { once: true }));
    await progress.close();
  });
  try {
    await manager.run(signal);
  } finally {
    notifier.stop();
    await Promise.all([health.close(), collector.close(), prometheus.close(), webhooks.close()]);
  }
}
