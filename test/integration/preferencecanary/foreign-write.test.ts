import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { PreferenceCanary } from "../../../src/api/v1alpha1/preference-canary.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { httpRoutes, type Resource, virtualServices } from "../../../src/kube/resource.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { readVirtualSlots } from "../../../src/traffic/virtual-service.ts";
import { CANARY } from "../../builders/canary.ts";
import { ADOPT, adoptedRoute } from "./adopted-stage.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { installDefinition } from "./gateway-api.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const HTTP_ROUTE = { httpRoute: { parentRefs: [{ name: "public" }], hostnames: ["assistant.example.com"] } };
const ISTIO = { istio: { virtualService: { hosts: ["assistant.example.com"], gateways: ["istio-system/public"] } } };
const definition = parse(readFileSync(join(import.meta.dirname, "istio/virtual-service-crd.yaml"), "utf8"));

const setStage = useCanaryStages();
let canary: CanaryStage;

beforeEach(async () => {
  canary = await setStage();
  await canary.applyWorkload();
});

/** With a candidate that has half of the requests. */
async function halfWay(traffic: object): Promise<void> {
  await canary.createCanary({
    traffic: { ...traffic, onForeignWrite: "Hold" },
    steps: [
      { name: "shadow", weight: 0 },
      { name: "half", weight: 50 },
    ],
  });
  await canary.start();
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  const isHalf = ({ status }: PreferenceCanary) =>
    status?.weights?.desired === 50 && status.weights.since !== undefined;
  await canary.until("half way", isHalf);
}

async function write<T extends KubeObject>(resource: Resource<T>, path: string): Promise<void> {
  const key = { namespace: canary.stage.namespace, name: CANARY };
  await canary.stage.client.patch(resource, key, { type: "json", body: [{ op: "replace", path, value: 7 }] });
}

const contested = ({ status }: PreferenceCanary) => findCondition(status?.conditions, "RouteContested");
const held = () => canary.until("held", ({ status }) => status?.foreignWrite !== undefined);

async function resume(): Promise<void> {
  const { status } = await held();
  await canary.order("resume", `route/${status?.foreignWrite?.generation}`);
}

/** Of the route as it stands, and not of a cache. */
async function weights(): Promise<number[] | undefined> {
  const { client, namespace } = canary.stage;
  const route = await client.get(httpRoutes, { namespace, name: CANARY });
  return route && readSlots(route, CANARY)?.map(({ weight }) => weight);
}

const WEIGHT = "/spec/rules/0/backendRefs/0/weight";
const HALF = [500_000, 500_000];
const moment = () => new Promise((resolve) => setTimeout(resolve, 1_000));

describe("what somebody else writes into the route, where the user has chosen to hold", () => {
  it("stays, with the name of who wrote it, and nobody goes further; also where the operator dies meanwhile", async () => {
    await halfWay(HTTP_ROUTE);
    await write(httpRoutes, WEIGHT);
    const now = await held();
    expect(now.status).toMatchObject({ phase: "Paused", step: { name: "half" }, foreignWrite: { manager: "test" } });
    expect(contested(now)).toMatchObject({ status: "True", reason: "Held" });
    expect(contested(now)?.message).toMatch(
      /^HTTPRoute assistant was changed by somebody else, last by test at \S+: spec\.rules\[0\]\.backendRefs\[0\]\.weight is 7 instead of 500000\. /,
    );
    await canary.start();
    await canary.compare(1, 60);
    await canary.until("judged", ({ status }) => status?.gates?.[0]?.verdict === "Pass");
    await moment();
    expect(await weights()).toEqual([7, 500_000]);
    expect((await canary.canary())?.status?.phase).toBe("Paused");
    await resume();
    const { status } = await canary.until("promoted", ({ status: after }) => after?.phase === "Promoted");
    expect(status).not.toHaveProperty("foreignWrite");
  });

  it("is over once it is gone", async () => {
    await halfWay(HTTP_ROUTE);
    await write(httpRoutes, WEIGHT);
    await held();
    const key = { namespace: canary.stage.namespace, name: CANARY };
    const body = [{ op: "replace", path: WEIGHT, value: 500_000 }];
    await canary.stage.client.patch(httpRoutes, key, { type: "json", body });
    const now = await canary.until("on its way", ({ status }) => status?.weights?.since !== undefined);
    expect(contested(now)).toMatchObject({ status: "False" });
    expect(await weights()).toEqual(HALF);
  });

  it("holds up no rollback", async () => {
    await halfWay(HTTP_ROUTE);
    await write(httpRoutes, WEIGHT);
    const { status } = await held();
    await canary.compare(0, 60);
    await canary.until("rolled back", ({ status: after }) => after?.phase === "RolledBack");
    const route = await canary.stage.client.get(httpRoutes, { namespace: canary.stage.namespace, name: CANARY });
    expect(route && readSlots(route, CANARY)?.every(({ revision }) => revision === status?.stable?.revision)).toBe(
      true,
    );
    expect(route?.metadata.annotations?.["dpo.dev/rejected"]).toBe(status?.candidate?.revision);
  });

  it("stays where Git writes its own backend into an adopted route", async () => {
    const route = adoptedRoute(canary);
    await route.sync();
    await halfWay(ADOPT.traffic);
    await route.sync();
    await held();
    await moment();
    expect(route.slots()).toBeUndefined();
    await resume();
    await expect.poll(() => route.slots()?.map(({ weight }) => weight), { timeout: 10_000 }).toEqual(HALF);
  });

  it("stays in a VirtualService", async () => {
    const { client, namespace } = canary.stage;
    await installDefinition(client, definition, virtualServices);
    await halfWay(ISTIO);
    await write(virtualServices, "/spec/http/0/route/0/weight");
    const now = await held();
    expect(contested(now)?.message).toMatch(/spec\.http\[0\]\.route\[0\]\.weight is 7 instead of 500000/);
    await resume();
    const slots = async () => {
      const object = await client.get(virtualServices, { namespace, name: CANARY });
      return object && readVirtualSlots(object, CANARY)?.map(({ weight }) => weight);
    };
    await expect.poll(slots, { timeout: 10_000 }).toEqual(HALF);
  });
});
