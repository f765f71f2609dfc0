/** A collector of its own process, to be killed: takes the data folder, prints its URL. */
import { Registry } from "prom-client";
import { CollectorConfig } from "../../../src/collector/config.ts";
import { runCollector } from "../../../src/collector/server.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

const collector = await runCollector(CollectorConfig.parse({ host: "127.0.0.1", port: 0, dataDir: process.argv[2] }), {
  tokenReview: async (_token, audiences) => ({
    authenticated: true,
    username: "system:serviceaccount:team:rater",
    audiences,
  }),
  clock: systemClock,
  random: Math.random,
  logger: silentLogger(),
  registry: new Registry(),
});
process.stdout.write(`${collector.url}\n`);
