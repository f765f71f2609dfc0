import { beforeEach, describe, expect, it } from "vitest";
import { events, httpRoutes } from "../../../src/kube/resource.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { WHOLE } from "../../../src/traffic/slots.ts";
import { CANARY } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { installGateways } from "./gateway-api.ts";
import { startGateway, type TestGateway } from "./test-gateway.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const setStage = useCanaryStages();
let canary: CanaryStage;
let gateway: TestGateway;

beforeEach(async () => {
  canary = await setStage();
  await installGateways(canary.stage.installation.admin);
  gateway = await startGateway(canary);
  await canary.applyWorkload();
  await canary.createCanary({
    steps: [
      { name: "tenth", weight: 10, minDuration: "20s" },
      { name: "half", weight: 50 },
    ],
  });
  await canary.start();
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
});

function weights(): number[] {
  const last = canary.routes.versions.at(-1);
  return (last && readSlots(last, CANARY)?.map(({ weight }) => weight)) ?? [];
}

describe("a gateway that can be asked", () => {
  it("shows each weight before the step's clock starts", async () => {
    const tenth = await canary.until("in its first step", ({ status }) => status?.weights?.since !== undefined);
    expect(tenth.status).toMatchObject({ step: { name: "tenth" }, weights: { desired: 10, verified: 10 } });
    const half = await canary.until("half way", ({ status }) => status?.weights?.verified === 50);
    expect(half.status).toMatchObject({ step: { name: "half" }, weights: { desired: 50, since: expect.any(String) } });
    const asked = gateway.requests();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(gateway.requests()).toBe(asked);
    expect(canary.faults()).toEqual([]);
  });

  it("holds a candidate in front of a step whose weight it does not serve, and a rollback does not wait for it", async () => {
    await canary.until("in its first step", ({ status }) => status?.weights?.verified === 10);
    gateway.freeze();
    const said = "Gateway .*/public still answers with the weights before";
    const held = await canary.until("held", ({ status }) =>
      (status?.conditions ?? []).some(({ message }) => new RegExp(`until its weight is live \\(${said}`).test(message)),
    );
    expect(held.status).toMatchObject({ step: { name: "half" }, weights: { desired: 50, verified: 10 } });
    expect(held.status?.weights).not.toHaveProperty("since");
    await canary.order("rollback", held.status?.candidate?.revision ?? null);
    await expect.poll(weights, { timeout: 5_000 }).toEqual(expect.arrayContaining([0, WHOLE]));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await canary.canary())?.status?.phase).toBe("RollingBack");
    gateway.thaw();
    await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(canary.faults()).toEqual([]);
  });
});

describe("somebody else's weights", () => {
  it("are written back, and told of once", async () => {
    await canary.until("half way", ({ status }) => status?.weights?.verified === 50);
    const { client, namespace } = canary.stage;
    const body = [{ op: "replace", path: "/spec/rules/0/backendRefs/0/weight", value: 7 }];
    await client.patch(httpRoutes, { namespace, name: CANARY }, { type: "json", body });
    await expect.poll(weights, { timeout: 5_000 }).toEqual([WHOLE / 2, WHOLE / 2]);
    const told = async () => {
      const { items } = await client.list(events, { namespace });
      return items.filter(({ reason }) => reason === "RouteRestored").map(({ note }) => note);
    };
    await expect
      .poll(told, { timeout: 5_000 })
      .toEqual([expect.stringMatching(/assistant-[0-9a-f]{10} at 7, assistant-/)]);
  });
});
