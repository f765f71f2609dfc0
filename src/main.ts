import { randomInt, randomUUID } from "node:crypto";
import { hostname, tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { configFrom } from "./environment.ts";
import { inClusterConfig } from "./kube/config.ts";
import { systemClock as clock } from "./runtime/clock.ts";
import { createLogger } from "./telemetry/logger.ts";
import { createMetrics } from "./telemetry/metrics.ts";

/**
 * The one entry point, and the only file that reads the process: environment, arguments, signals. Each role imports what
 * it needs and nothing else, since memory is paid for in every pod.
 */
const roles: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>> = {
  manager,
  collector,
  sampler,
  judge,
  profile,
  fetch,
};

const [role = "", ...args] = process.argv.slice(2);
const logger = await createLogger({
  name: role,
  level: process.env.LOG_LEVEL ?? "info",
  terminal: process.stdout.isTTY === true,
});

async function manager(signal: AbortSignal): Promise<void> {
  const [{ MANAGER_ENV, ManagerConfig, runManager }, { probe }] = await Promise.all([
    import("./manager.ts"),
    import("./traffic/probe.ts"),
  ]);
  const config = configFrom(process.env, MANAGER_ENV, ManagerConfig);
  const cluster = await inClusterConfig(process.env, clock);
  const identity = `${process.env.POD_NAME ?? hostname()}_${randomUUID()}`;
  const edges = { cluster, identity, clock, random: Math.random, probe, logger, metrics: createMetrics() };
  await runManager(config, edges, signal);
}

async function collector(signal: AbortSignal): Promise<void> {
  const [{ COLLECTOR_ENV, CollectorConfig }, { runCollector }, { createClient }, { createTransport }, { retried }] =
    await Promise.all([
      import("./collector/config.ts"),
      import("./collector/server.ts"),
      import("./kube/client.ts"),
      import("./kube/transport.ts"),
      import("./kube/retry.ts"),
    ]);
  const config = configFrom(process.env, COLLECTOR_ENV, CollectorConfig);
  const transport = createTransport(await inClusterConfig(process.env, clock));
  const client = createClient(retried(transport, clock), "dpo-collector");
  const running = await runCollector(config, {
    tokenReview: async (token, wanted) => {
      const { authenticated = false, user, audiences } = await client.reviewToken(token, wanted);
      return { authenticated, username: user?.username ?? "", audiences };
    },
    clock,
    random: unguessable,
    logger,
    registry: createMetrics().registry,
  });
  await aborted(signal);
  await running.close();
  await transport.close();
}

async function sampler(signal: AbortSignal): Promise<void> {
  const [{ SAMPLER_ENV, SamplerConfig }, { runSampler }] = await Promise.all([
    import("./api/contracts/sampler.ts"),
    import("./sampler/server.ts"),
  ]);
  const config = configFrom(process.env, SAMPLER_ENV, SamplerConfig);
  const running = await runSampler(config, { clock, random: Math.random, logger, registry: createMetrics().registry });
  await aborted(signal);
  await running.close();
}

async function judge(signal: AbortSignal): Promise<void> {
  const [{ JUDGE_ENV, JUDGE_KEY_ENV, JudgeConfig }, { runJudge }] = await Promise.all([
    import("./api/contracts/judge.ts"),
    import("./judge/judge.ts"),
  ]);
  const config = configFrom(process.env, JUDGE_ENV, JudgeConfig);
  // A file that a Secret was made from ends with a line feed.
  const apiKey = process.env[JUDGE_KEY_ENV]?.trim() || undefined;
  const metrics = createMetrics();
  const running = await runJudge(config, { apiKey, clock, random: Math.random, logger, metrics });
  await aborted(signal);
  await running.close();
}

async function profile(): Promise<void> {
  const [{ profileConfigSchema }, { runProfile }, { createCollectorClient }] = await Promise.all([
    import("./api/contracts/profile.ts"),
    import("./dataset/profile.ts"),
    import("./evidence/collector-client.ts"),
  ]);
  const config = configFrom(process.env, "DPO_PROFILE", profileConfigSchema);
  const client = createCollectorClient(config.collector, clock);
  const outcome = await runProfile(config, { collector: client, now: clock.now, scratch: tmpdir() });
  await client.close();
  if ("error" in outcome) throw new Error(`${outcome.error.reason}: ${outcome.error.message}`);
  logger.info(outcome, "snapshot taken");
}

async function fetch(): Promise<void> {
  const { fetchArtifact } = await import("./artifacts/fetch.ts");
  const { digestSchema } = await import("./artifacts/digest.ts");
  const options = { from: { type: "string" }, digest: { type: "string" }, to: { type: "string" } } as const;
  const { from, digest, to } = parseArgs({ args, options }).values;
  if (from === undefined || to === undefined)
    throw new Error("usage: fetch --from FOLDER --digest sha256:… --to FOLDER");
  logger.info({ from, to, result: await fetchArtifact({ from, digest: digestSchema.parse(digest), to }) }, "fetched");
}

/** Leases must not be guessed, so they do not come from Math.random. */
function unguessable(): number {
  return randomInt(2 ** 48 - 1) / 2 ** 48;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
const run = roles[role];
if (run === undefined) {
  logger.fatal(`usage: main.js ${Object.keys(roles).join(" | ")}, not "${role}"`);
  process.exitCode = 2;
} else {
  await run(stop.signal).catch((error: unknown) => {
    logger.fatal({ err: error }, error instanceof Error ? error.message : String(error));
    // At once: who lost the lease may not write a byte more.
    process.exit(1);
  });
}
