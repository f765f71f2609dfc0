import { Registry } from "prom-client";
import { onTestFinished } from "vitest";
import { ComparisonPage, SAMPLER_AUDIENCE } from "../../../src/api/contracts/collector-api.ts";
import { CollectorConfig } from "../../../src/collector/config.ts";
import { runCollector } from "../../../src/collector/server.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { temporaryFolder } from "./local-servers.ts";

const USER = "system:serviceaccount:support:assistant-sampler";

/** The collector that ships, which knows the sampler's token, until the test ends. */
export async function startCollector() {
  const collector = await runCollector(
    CollectorConfig.parse({ host: "127.0.0.1", port: 0, dataDir: temporaryFolder() }),
    {
      tokenReview: async (token) => ({
        authenticated: token === "first-token",
        username: USER,
        audiences: [SAMPLER_AUDIENCE],
      }),
      clock: systemClock,
      random: Math.random,
      logger: silentLogger(),
      registry: new Registry(),
    },
  );
  onTestFinished(collector.close);
  return {
    ...collector,
    /** Of candidate bbbbbbbbbb with what is called so. */
    async comparisons(comparedWith: string) {
      const query = new URLSearchParams({ candidate: "bbbbbbbbbb", stable: comparedWith });
      const response = await fetch(`${collector.url}/v1/namespaces/support/canaries/assistant/comparisons?${query}`, {
        headers: { authorization: "Bearer first-token" },
      });
      return ComparisonPage.parse(await response.json()).records;
    },
  };
}
