import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { stableAlone, weightIn } from "../../../src/traffic/slots.ts";
import { CANARY } from "../../builders/canary.ts";
import { lackOfPrometheus, startPrometheus } from "../prometheus.ts";
import type { CanaryStage, StageOptions } from "./canary-stage.ts";
import { dpo } from "./command-line.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const lack = await lackOfPrometheus();
const setStage = useCanaryStages();

async function stageWith(spec: object, options: StageOptions): Promise<CanaryStage> {
  const canary = await setStage(options);
  await canary.applyWorkload();
  await canary.createCanary({ steps: [{ name: "half", weight: 50 }], ...spec });
  return canary;
}

/** What a revision had in each version of the route. */
function weightsOf({ routes }: CanaryStage, revision: string): number[] {
  return routes.versions.map((route) => weightIn(readSlots(route, CANARY) ?? stableAlone(""), revision));
}

it.skipIf(lack !== undefined)(
  "a candidate whose metric turns bad in a real Prometheus is rolled back, and one whose Prometheus is away is held",
  async () => {
    const prometheus = await startPrometheus();
    onTestFinished(() => prometheus.close());
    const latency = {
      name: "latency",
      prometheus: { query: 'answer_seconds{canary="{{canary}}", revision="{{revision}}"}' },
      max: "0.8",
      interval: "5s",
      minSamples: 2,
    };
    const canary = await stageWith(
      { gates: { winRate: {}, metrics: [latency] } },
      { speed: 1, prometheus: [{ name: "default", url: prometheus.url }] },
    );
    await canary.start();
    await canary.until("idle", ({ status }) => status?.phase === "Idle");
    await canary.createJob("slower", "b");
    const { status } = await canary.until("in its step", (now) => now.status?.step?.name === "half");
    const stable = status?.stable?.revision ?? "";
    const expose = (seconds: number) =>
      prometheus.expose(
        [status?.candidate?.revision, stable]
          .map(
            (revision, i) => `answer_seconds{canary="assistant",revision="${revision}"} ${i === 0 ? seconds : 0.1}\n`,
          )
          .join(""),
      );
    await canary.until("without data", (now) => now.status?.gates?.[1]?.verdict === "NoData");
    expose(0.2);
    await canary.until("good", (now) => now.status?.gates?.[1]?.verdict === "Pass", 40_000);

    await prometheus.stop();
    const away = await canary.until("without data", (now) => now.status?.gates?.[1]?.verdict === "NoData");
    expect(away.status?.gates?.[1]?.message).toMatch(/Prometheus default: .*ECONNREFUSED/);
    await prometheus.start();

    // Another process goes on from status.
    await canary.start();
    expose(2);
    const back = await canary.until("rolled back", (now) => now.status?.phase === "RolledBack", 60_000);
    expect(back.status?.lastRun?.message).toMatch(
      /^metrics\/latency: \d+ of \d+ samples break the bound, at most 0.8 .*the newest is 2/,
    );
    expect(back.status?.stable?.revision).toBe(stable);
    expect(canary.faults()).toEqual([]);

    await canary.until("archived", (now) => now.status?.lastRun?.archive !== undefined && !now.status.archiving);
    const run = `${canary.stage.namespace}/${CANARY}`;
    const { code, stdout } = await dpo("replay", "--run", run, "--service-account", "rater", "--json");
    expect(JSON.parse(stdout).gates[1]).toMatchObject({
      name: "metrics/latency",
      replayed: { verdict: "Fail" },
      same: true,
    });
    expect(code).toBe(0);
  },
  180_000,
);

it.skipIf(lack !== undefined)(
  "a candidate has no more weight than its exposure in a real Prometheus allows, until it has proven to be safe",
  async () => {
    const prometheus = await startPrometheus();
    onTestFinished(() => prometheus.close());
    const canary = await stageWith(
      {
        evidence: { comparisons: { percent: 100, dataset: { name: "support" } }, checks: {} },
        gates: { winRate: {}, safety: { maxViolationRate: "10%", minChecked: 20 } },
        maxExposure: {
          answers: 2_000,
          prometheus: { query: 'sum(answers_total{revision="{{revision}}"})' },
          interval: "5s",
        },
      },
      { speed: 1, prometheus: [{ name: "default", url: prometheus.url }] },
    );
    await canary.start();
    const { status } = await canary.until("idle", (now) => now.status?.phase === "Idle");
    const stable = status?.stable?.revision ?? "";
    const started = Date.now();
    // A hundred requests a second: over fifteen seconds a half of them would be 750.
    const serving = setInterval(() => {
      const answers = Math.floor((Date.now() - started) / 10);
      prometheus.expose(`answers_total{revision="${stable}"} ${answers}\n`);
    }, 200);
    onTestFinished(() => clearInterval(serving));
    await canary.createJob("unknown", "b");
    const waits = await canary.until("waits for counts", (now) => now.status?.exposure !== undefined);
    expect(waits.status?.exposure).toMatchObject({ answers: 0, of: 2_000 });
    const revision = waits.status?.candidate?.revision ?? "";
    const weights = () => [...new Set(weightsOf(canary, revision))];
    await canary.until("has some", () => weights().some((weight) => weight > 1), 60_000);
    expect(Math.max(...weights())).toBe(500_000);

    clearInterval(serving);
    prometheus.expose(`answers_total{revision="${stable}"} 100000\nanswers_total{revision="${revision}"} 1990\n`);
    await canary.until("has nothing", () => weightsOf(canary, revision).at(-1) === 0, 60_000);
    const bounded = await canary.until("has told", (now) => now.status?.exposure?.answers === 1_990, 30_000);
    expect(bounded.status?.conditions?.find(({ type }) => type === "Ready")?.message).toContain(
      "it has served 1990 of the 2000 answers of spec.maxExposure",
    );

    await canary.check(30);
    await canary.until("has its step's weight", () => weightsOf(canary, revision).at(-1) === 500_000, 60_000);
    expect(canary.faults()).toEqual([]);
  },
  240_000,
);

it("a candidate is promoted when a webhook's signed answer lets it go, and by no forged one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dpo-webhook-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const key = Buffer.alloc(32, 3);
  const secretFile = join(folder, "secret");
  await writeFile(secretFile, `whsec_${key.toString("base64")}`);
  let signedWith = Buffer.alloc(32, 4);
  const server = createServer(({ headers }, response) => {
    const body = JSON.stringify({ verdict: "Pass" });
    const signed = `${headers["webhook-id"]}.1.${body}`;
    response.setHeader("webhook-timestamp", "1");
    response.setHeader("webhook-signature", `v1,${createHmac("sha256", signedWith).update(signed).digest("base64")}`);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const canary = await stageWith(
    { gates: { winRate: {}, webhook: { endpoint: "board", interval: "5s" } } },
    { webhooks: [{ name: "board", url, secretFile }] },
  );
  await canary.start();
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("better", "b");
  await canary.until("in its step", ({ status }) => status?.step?.name === "half");
  await canary.compare(1, 60);
  const forged = await canary.until("told lies", ({ status }) => status?.gates?.[1]?.verdict === "NoData");
  expect(forged.status?.gates?.[1]?.message).toContain("is not signed with the secret");
  await canary.until("good", ({ status }) => status?.gates?.[0]?.verdict === "Pass");
  expect((await canary.canary())?.status?.phase).toBe("Progressing");
  signedWith = key;
  await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
});
