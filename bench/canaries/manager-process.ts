/** The operator as it ships, outside a pod: the folder is what a pod finds of its service account. */
import { configFrom } from "../../src/environment.ts";
import { inClusterConfig } from "../../src/kube/config.ts";
import { MANAGER_ENV, ManagerConfig, runManager } from "../../src/manager.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { createLogger } from "../../src/telemetry/logger.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await runManager(
  configFrom(process.env, MANAGER_ENV, ManagerConfig),
  {
    cluster: await inClusterConfig(process.env, clock, process.argv[2]),
    identity: "bench",
    clock,
    random: Math.random,
    // Nothing leads to the address of a Service here.
    probe: async () => ({ status: 404, headers: {} }),
    logger: await createLogger({ name: "manager", level: "warn", terminal: false }),
    metrics: createMetrics(),
  },
  stop.signal,
);
