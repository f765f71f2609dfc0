import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { FIELD_MANAGER } from "../../../src/api/v1alpha1/metadata.ts";
import { addDPOJobController } from "../../../src/controllers/dpojob/controller.ts";
import { createProgressServer } from "../../../src/controllers/dpojob/progress-server.ts";
import { addPreferenceDatasetController } from "../../../src/controllers/preferencedataset/controller.ts";
import { createCollectorClient } from "../../../src/evidence/collector-client.ts";
import type { Interceptor } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { createManager } from "../../../src/runtime/manager.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import type { Stage } from "./stage.ts";

export interface TestManager {
  /** Where trainers push progress: scheme, host and port. */
  readonly progressUrl: string;
  /** Warnings and errors that it logged. */
  readonly complaints: readonly string[];
  /** An orderly stop. */
  stop(): Promise<void>;
}

export interface TestManagerOptions {
  readonly interceptor?: Interceptor;
  /** Which controllers run; both unless named. */
  readonly kinds?: readonly ("PreferenceDataset" | "DPOJob")[];
}

/** The product's controllers of datasets and jobs in this process, with the manager's own identity and rights. */
export async function startManager(stage: Stage, options: TestManagerOptions = {}): Promise<TestManager> {
  const { interceptor, kinds = ["PreferenceDataset", "DPOJob"] } = options;
  const { clock, installation } = stage;
  const complaints: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => void complaints.push(line) });
  const manager = createManager({
    config: installation.manager,
    name: "dpo.dev/manager",
    identity: `test_${randomUUID()}`,
    interceptor,
    clock,
    random: Math.random,
    logger,
    metrics: createMetrics(),
  });
  const { url, tokenFile } = stage.collector;
  const collector = createCollectorClient({ url, tokenFile }, systemClock);
  const images = { operatorImage: "dpo-operator:test", trainerImage: "dpo-trainer:test" };
  if (kinds.includes("PreferenceDataset"))
    addPreferenceDatasetController(manager, { clock, collector, settings: { ...images, collectorUrl: url } });
  if (kinds.includes("DPOJob"))
    addDPOJobController(manager, { clock, settings: { ...images, progressUrl: "http://progress.test:8082" } });
  const progress = createProgressServer(manager.client(FIELD_MANAGER.progress), logger);
  const progressUrl = await progress.listen({ host: "127.0.0.1", port: 0 });

  const stopping = new AbortController();
  const running = manager.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
    await progress.close();
    await collector.close();
  };
  // Whoever waits for what the manager should do learns of its end by that.
  running.catch((error: unknown) => complaints.push(String(error)));
  stage.atEnd(stop);
  return { progressUrl, complaints, stop };
}
