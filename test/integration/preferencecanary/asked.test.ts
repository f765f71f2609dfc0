import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { type Installation, install } from "../operator/install.ts";
import { lackOfPrometheus, startPrometheus } from "../prometheus.ts";
import { type CanaryStage, type StageOptions, setCanaryStage } from "./canary-stage.ts";
import { installHTTPRoutes } from "./gateway-api.ts";

const lack = await lackOfPrometheus();
let installation: Installation;

beforeAll(async () => {
  installation = await install(inject("kubeconfig"));
  await installHTTPRoutes(installation.admin);
});

async function stageWith(spec: object, options: StageOptions): Promise<CanaryStage> {
  const canary = await setCanaryStage(installation, options);
  onTestFinished(() => canary.close());
  await canary.applyWorkload();
  await canary.createCanary({ steps: [{ name: "half", weight: 50 }], ...spec });
  return canary;
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
  },
  180_000,
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
