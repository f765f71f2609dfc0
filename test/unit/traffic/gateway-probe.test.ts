import { describe, expect, it } from "vitest";
import { ApiError } from "../../../src/kube/errors.ts";
import type { Gateway, HTTPRoute } from "../../../src/kube/gateway-api.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { askGateways } from "../../../src/traffic/gateway-probe.ts";
import { PROBE_PATH, type Probe, probe } from "../../../src/traffic/probe.ts";
import { startProxies } from "./proxies.ts";

const NEW = "11111111";
const OLD = "00000000";
const carries = { epoch: NEW };
const behind = { epoch: OLD };

function gatewayAt(...ports: readonly number[]): Gateway {
  const listeners = ports.map((port) => ({ name: `http-${port}`, port, protocol: "HTTP" }));
  return {
    metadata: { name: "public", namespace: "gateways" },
    spec: { gatewayClassName: "envoy", listeners },
    status: { addresses: [{ type: "IPAddress", value: "127.0.0.1" }] },
  };
}

function routeTo(...names: readonly string[]): Stored<HTTPRoute> {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "assistant", namespace: "chat", uid: "1", resourceVersion: "1", creationTimestamp: "" },
    spec: { parentRefs: names.map((name) => ({ name, namespace: "gateways" })), hostnames: ["chat.example.com"] },
  };
}

/** The gateway is asked by real requests; it is read from what is given here. */
function ask(
  gateways: Readonly<Record<string, Gateway | Error>>,
  options: { probe?: Probe; signal?: AbortSignal } = {},
) {
  const client = {
    get: async (_resource: unknown, { name }: { name: string }) => {
      const found = gateways[name];
      if (found instanceof Error) throw found;
      return found as never;
    },
  };
  const { signal = new AbortController().signal } = options;
  return askGateways(routeTo(...Object.keys(gateways)), NEW, { client, probe: options.probe ?? probe }, signal);
}

describe("a gateway", () => {
  it("serves the weights when every one of ten answers carries their epoch, whatever its status", async () => {
    const proxies = await startProxies(carries, { epoch: NEW, status: 200 }, { epoch: NEW, status: 503 });
    expect(await ask({ public: gatewayAt(proxies.port) })).toEqual({ type: "Confirmed" });
    expect(proxies.requests).toEqual(Array(10).fill({ host: "chat.example.com", path: PROBE_PATH, method: "GET" }));
    expect(proxies.most()).toBe(1);
  });

  it("does not while one of its proxies is behind", async () => {
    const proxies = await startProxies(carries, carries, carries, behind);
    expect(await ask({ public: gatewayAt(proxies.port) })).toEqual({
      type: "Denied",
      words: `Gateway gateways/public still answers with the weights before, at 127.0.0.1 port ${proxies.port}`,
    });
    expect(proxies.requests).toHaveLength(4);
    proxies.become([carries]);
    expect(await ask({ public: gatewayAt(proxies.port) })).toEqual({ type: "Confirmed" });
  });

  it("does not while one of its proxies has not heard of the route", async () => {
    const { port } = await startProxies(carries, "Blank");
    expect(await ask({ public: gatewayAt(port) })).toMatchObject({
      type: "Denied",
      words: expect.stringContaining("does not answer with the new weights every time"),
    });
  });

  it("does although one proxy has just died: who is dead serves nobody", async () => {
    const { port } = await startProxies("Dies", ...Array<typeof carries>(9).fill(carries));
    expect(await ask({ public: gatewayAt(port) })).toEqual({ type: "Confirmed" });
  });

  it("is heard although a body has no end", async () => {
    const { port } = await startProxies({ endless: NEW });
    expect(await ask({ public: gatewayAt(port) })).toEqual({ type: "Confirmed" });
  });

  it.each([
    ["dies", ["Dies"], /^Gateway gateways\/public gives no answer at 127\.0\.0\.1 port \d+: .+/],
    ["does not set the header", ["Blank"], /answers without the header x-dpo-epoch at 127\.0\.0\.1 port \d+$/],
  ] as const)("tells nothing when it %s", async (_, behaviours, words) => {
    const { port } = await startProxies(...behaviours);
    expect(await ask({ public: gatewayAt(port) })).toMatchObject({
      type: "Unanswered",
      words: expect.stringMatching(words),
    });
  });

  it("tells nothing when it hangs, after three requests one after the other", { timeout: 30_000 }, async () => {
    const proxies = await startProxies("Hangs");
    const started = performance.now();
    expect(await ask({ public: gatewayAt(proxies.port) })).toMatchObject({
      type: "Unanswered",
      words: expect.stringContaining("Headers Timeout"),
    });
    expect(proxies.requests).toHaveLength(3);
    expect(proxies.most()).toBe(1);
    expect(performance.now() - started).toBeLessThan(25_000);
  });

  it("is let go of at once when nobody wants to know any more", async () => {
    const proxies = await startProxies("Hangs");
    const stopping = new AbortController();
    const asking = ask({ public: gatewayAt(proxies.port) }, { signal: stopping.signal });
    await expect.poll(() => proxies.requests.length).toBe(1);
    stopping.abort(new Error("the canary is gone"));
    await expect(asking).rejects.toThrow("the canary is gone");
    expect(proxies.requests).toHaveLength(1);
  });

  it("is asked at a listener that tells, where another one does not", async () => {
    const [redirecting, serving] = [await startProxies("Blank"), await startProxies(carries)];
    expect(await ask({ public: gatewayAt(redirecting.port, serving.port) })).toEqual({ type: "Confirmed" });
    serving.become([behind]);
    expect(await ask({ public: gatewayAt(redirecting.port, serving.port) })).toMatchObject({ type: "Denied" });
  });
});

describe("a gateway that cannot be asked", () => {
  const forbidden = new ApiError("GET …: 403", { status: 403, reason: "Forbidden" });

  it.each([
    ["has no address", { ...gatewayAt(80), status: { addresses: [] } }, "has no address in its status"],
    ["may not be read", forbidden, "it needs get on gateways.gateway.networking.k8s.io"],
    ["cannot be read", new Error("the API server is down"), "cannot be read: the API server is down"],
  ])("for it %s is told with its name and the remedy", async (_, gateway, words) => {
    expect(await ask({ public: gateway })).toMatchObject({
      type: "Unanswered",
      words: expect.stringMatching(new RegExp(`^Gateway gateways/public .*${words}`)),
    });
  });

  it("or is not there is told too", async () => {
    const client = { get: async () => undefined };
    const signal = new AbortController().signal;
    expect(await askGateways(routeTo("gone"), NEW, { client, probe }, signal)).toEqual({
      type: "Unanswered",
      words: "Gateway gateways/gone does not exist",
    });
  });
});

describe("two gateways of a route", () => {
  it("must both serve the weights", async () => {
    const [one, other] = [await startProxies(carries), await startProxies(behind)];
    expect(await ask({ one: gatewayAt(one.port), other: gatewayAt(other.port) })).toMatchObject({
      type: "Denied",
      words: expect.stringMatching(/^Gateway gateways\/other /),
    });
    other.become([carries]);
    expect(await ask({ one: gatewayAt(one.port), other: gatewayAt(other.port) })).toEqual({ type: "Confirmed" });
  });

  it("are not verified as long as one cannot be asked, and the one that is behind is told first", async () => {
    const { port, become } = await startProxies(carries);
    const mute = { ...gatewayAt(80), status: { addresses: [] } };
    expect(await ask({ mute, one: gatewayAt(port) })).toMatchObject({ type: "Unanswered" });
    become([behind]);
    expect(await ask({ mute, one: gatewayAt(port) })).toMatchObject({ type: "Denied" });
  });
});
