import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { WHOLE } from "../../../src/traffic/slots.ts";
import { CANARY } from "../../builders/canary.ts";
import { type Installation, install } from "../operator/install.ts";
import { type CanaryStage, setCanaryStage } from "./canary-stage.ts";
import { installHTTPRoutes } from "./gateway-api.ts";

let installation: Installation;
let canary: CanaryStage;

beforeAll(async () => {
  installation = await install(inject("kubeconfig"));
  await installHTTPRoutes(installation.admin);
});
beforeEach(async () => {
  canary = await setCanaryStage(installation);
  await canary.applyWorkload();
  await canary.createCanary();
});
afterEach(() => canary.close());

function wholeOf(): string | undefined {
  const last = canary.routes.versions.at(-1);
  return last && readSlots(last, CANARY)?.find(({ weight }) => weight === WHOLE)?.revision;
}

describe("a canary on a real API server", () => {
  it("serves its first revision, promotes a better model and rolls a worse one back", async () => {
    await canary.start();
    const first = await canary.until("idle", ({ status }) => status?.phase === "Idle");
    expect(wholeOf()).toBe(first.status?.stable?.revision);

    await canary.createJob("better", "b");
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    await canary.compare(1, 60);
    const promoted = await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    expect(wholeOf()).toBe(promoted.status?.stable?.revision);

    await canary.createJob("worse", "c");
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    await canary.compare(0, 60);
    const back = await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(back.status?.stable).toEqual(promoted.status?.stable);
    expect(wholeOf()).toBe(back.status?.stable?.revision);
    expect(canary.faults()).toEqual([]);
  });

  it("asks the users that a candidate serves, and takes back or promotes by what they say", async () => {
    await canary.createCanary({
      evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
      steps: [
        { name: "shadow", weight: 0, minDuration: "40s" },
        { name: "half", weight: 50 },
      ],
      gates: { winRate: {}, compliance: {}, regression: { maxDrop: "30%" } },
    });
    await canary.start();
    const first = await canary.until("idle", ({ status }) => status?.phase === "Idle");

    await canary.createJob("disliked", "b");
    await canary.until("in shadow", ({ status }) => status?.step?.name === "shadow");
    await canary.rate({ candidate: 0, stable: 1 }, 60);
    const told = await canary.until("told", ({ status }) => status?.gates?.[1]?.samples === 60);
    expect(told.status).toMatchObject({ step: { name: "shadow" }, gates: [{}, { verdict: "Undecided" }, {}] });
    const back = await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(back.status?.lastRun?.message).toMatch(/^compliance: 0% of \d+ ratings/);
    expect(wholeOf()).toBe(first.status?.stable?.revision);

    await canary.createJob("liked", "c");
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    await canary.rate({ candidate: 1, stable: 0.9 }, 70);
    const half = await canary.until("told", ({ status }) => status?.gates?.[2]?.samples === 70);
    await canary.start();
    await canary.rate({ candidate: 1, stable: 0.9 }, 70);
    await canary.compare(1, 60);
    const promoted = await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    expect(promoted.status?.stable?.revision).toBe(half.status?.candidate?.revision);
    expect(promoted.status?.gates).toMatchObject([
      { name: "winRate", verdict: "Pass" },
      { name: "compliance", verdict: "Pass" },
      { name: "regression", verdict: "Pass", estimate: "10%" },
    ]);
    expect(wholeOf()).toBe(promoted.status?.stable?.revision);
    expect(canary.faults()).toEqual([]);
  });
});
