import { describe, expect, it } from "vitest";
import { deployments, services } from "../../../src/kube/resource.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { CANARY } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { judge } from "./raters.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const AGAINST = "rival:8000";
const setStage = useCanaryStages();

async function createCanary(canary: CanaryStage, service: string): Promise<void> {
  await canary.createCanary({
    evidence: { comparisons: { baseline: { service, port: 8000 }, dataset: { name: "support" } } },
    steps: [
      { name: "shadow", weight: 0 },
      { name: "half", weight: 50 },
    ],
    onNoData: { after: "480h" },
  });
}

/** A candidate that is to beat a baseline that is not there yet. */
async function begun(): Promise<CanaryStage> {
  const canary = await setStage();
  await canary.applyWorkload();
  await createCanary(canary, "rival");
  await canary.start();
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  return canary;
}

async function serve({ stage: { client, namespace } }: CanaryStage, name: string): Promise<void> {
  const spec = { selector: { app: name }, ports: [{ port: 8000 }] };
  await client.apply(services, { metadata: { namespace, name }, spec });
}

async function halfWay(): Promise<CanaryStage> {
  const canary = await begun();
  await serve(canary, "rival");
  await canary.until("half way", ({ status }) => status?.step?.name === "half" && status.weights?.since !== undefined);
  return canary;
}

describe("a candidate that is compared with a baseline", () => {
  it("waits in the shadow step until there is one, and goes on as soon as there is", async () => {
    const canary = await begun();
    const { status } = await canary.until(
      "held",
      (now) => findCondition(now.status?.conditions, "Ready")?.reason === "NoData" && now.status?.step !== undefined,
    );
    expect(status).toMatchObject({ step: { name: "shadow" }, weights: { desired: 0 } });
    expect(findCondition(status?.conditions, "Ready")?.message).toContain(
      "there is no Service rival in this namespace",
    );
    await serve(canary, "rival");
    await canary.until("half way", (now) => now.status?.step?.name === "half");
  });

  it("is promoted by comparisons with that alone, and its sampler asks it", async () => {
    const canary = await halfWay();
    const { namespace, client } = canary.stage;
    const sampler = await client.get(deployments, { namespace, name: `${CANARY}-sampler` });
    expect(JSON.stringify(sampler?.spec)).toContain("http://rival:8000");
    await canary.compare(0, 60);
    await judge(canary, { count: 60, labeler: "ann", prefers: () => "candidate", against: AGAINST });
    const { status } = await canary.until("promoted", (now) => now.status?.phase === "Promoted");
    expect(status?.history).toMatchObject([
      { outcome: "Promoted", gates: [{ name: "winRate", against: AGAINST, verdict: "Pass" }] },
    ]);
    const { status: later } = await canary.until("archived", (now) => now.status?.lastRun?.archive !== undefined);
    expect(later?.archiving).toBeUndefined();
    expect(canary.faults()).toEqual([]);
  });

  it("is rolled back where the baseline is preferred, and not where another one is by then", async () => {
    const canary = await halfWay();
    await serve(canary, "other");
    await judge(canary, { count: 5, labeler: "ann", prefers: () => "stable", against: AGAINST });
    await canary.until("told of all", ({ status }) => status?.gates?.[0]?.samples === 5);
    await createCanary(canary, "other");
    const { status } = await canary.until("asked anew", (now) => now.status?.gates?.[0]?.against === "other:8000");
    expect(status?.gates?.[0]).toMatchObject({ samples: 0 });
    await judge(canary, { count: 60, labeler: "ann", prefers: () => "stable", against: AGAINST });
    await judge(canary, { count: 30, labeler: "ann", prefers: () => "stable", against: "other:8000" });
    const { status: ended } = await canary.until("rolled back", (now) => now.status?.phase === "RolledBack");
    expect(ended?.lastRun?.message).toContain("preferred the candidate to other:8000");
    expect(ended?.history?.[0]?.gates[0]?.samples).toBeLessThanOrEqual(30);
  });
});
