import { afterEach, describe, expect, it } from "vitest";
import type { Gateway, HTTPRoute } from "../../../src/kube/gateway-api.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { probe } from "../../../src/traffic/probe.ts";
import { createProbing, type Probing } from "../../../src/traffic/probing.ts";
import { startProxies } from "./proxies.ts";

const CANARY = { namespace: "chat", name: "assistant" };
const NEW = { epoch: "11111111" };
const OLD = { epoch: "00000000" };

const object: Stored<HTTPRoute> = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { ...CANARY, uid: "1", resourceVersion: "1", creationTimestamp: "" },
  spec: { parentRefs: [{ name: "public" }], hostnames: ["chat.example.com"] },
};

let probing: Probing | undefined;
afterEach(() => probing?.stop());

function start(port: number) {
  const gateway: Gateway = {
    metadata: { name: "public", namespace: "chat" },
    spec: { gatewayClassName: "envoy", listeners: [{ name: "http", port, protocol: "HTTP" }] },
    status: { addresses: [{ value: "127.0.0.1" }] },
  };
  let wakes = 0;
  const client = { get: async () => gateway as never };
  probing = createProbing({ client, probe, clock: systemClock, wake: () => void wakes++ });
  return { probing, wakes: () => wakes };
}

describe("a canary's gateway and arms", () => {
  it("are asked beside it: it is woken when the weights are live, and when they are not yet", async () => {
    const proxies = await startProxies(NEW, OLD);
    const asking = start(proxies.port);
    const read = ({ epoch }: typeof NEW) => asking.probing.read(CANARY, { route: { object, epoch }, arms: [] }).weights;
    expect(read(NEW)).toBeUndefined();
    await expect.poll(() => asking.wakes(), { timeout: 5_000 }).toBe(1);
    expect(read(NEW)).toMatchObject({ type: "Denied" });
    proxies.become([NEW]);
    await expect.poll(() => asking.wakes(), { timeout: 5_000 }).toBe(2);
    expect(read(NEW)).toEqual({ type: "Confirmed" });
    const { length } = proxies.requests;
    expect(read(OLD)).toBeUndefined();
    await expect.poll(() => asking.wakes(), { timeout: 5_000 }).toBe(3);
    expect(read(OLD)).toMatchObject({ type: "Denied" });
    expect(proxies.requests.length).toBeGreaterThan(length);
  });

  it("are asked one by one and not again once they have answered, and no more when the canary is gone", async () => {
    const [gateway, arm] = [await startProxies(OLD), await startProxies({ epoch: "", status: 404 })];
    const asking = start(gateway.port);
    const arms = [{ revision: "7c9f01ab23", address: "127.0.0.1", port: arm.port }];
    const read = () => asking.probing.read(CANARY, { route: { object, ...NEW }, arms }).arms.get("7c9f01ab23");
    read();
    await expect.poll(read, { timeout: 5_000 }).toEqual({ type: "Confirmed" });
    await expect.poll(() => gateway.requests.length, { timeout: 5_000 }).toBeGreaterThan(1);
    expect(arm.requests).toHaveLength(1);
    asking.probing.forget(CANARY);
    const { length } = gateway.requests;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(gateway.requests.length - length).toBeLessThanOrEqual(1);
  });
});
