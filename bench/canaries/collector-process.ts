/** The collector as it ships, in a process of its own: takes the data folder, prints its URL. A token names its namespace. */
import { Registry } from "prom-client";
import { CollectorConfig } from "../../src/collector/config.ts";
import { runCollector } from "../../src/collector/server.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { createLogger } from "../../src/telemetry/logger.ts";

const READER = "system:serviceaccount:dpo-system:dpo-manager";
const config = {
  host: "127.0.0.1",
  port: 0,
  dataDir: process.argv[2],
  readers: [READER],
  queueLimit: 1_000_000,
};
const collector = await runCollector(CollectorConfig.parse(config), {
  tokenReview: async (token, audiences) => ({
    authenticated: true,
    audiences,
    username: token === "manager" ? READER : `system:serviceaccount:${token}:rater`,
  }),
  clock: systemClock,
  random: Math.random,
  logger: await createLogger({ name: "collector", level: "warn", terminal: false }),
  registry: new Registry(),
});
process.stdout.write(`${collector.url}\n`);
