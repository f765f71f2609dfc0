import { describe, expect, it } from "vitest";
import type { Gateway, GatewayListener } from "../../../src/kube/gateway-api.ts";
import { targetsOf } from "../../../src/traffic/gateway-targets.ts";

const http: GatewayListener = { name: "http", port: 80, protocol: "HTTP" };
const https: GatewayListener = { name: "https", port: 443, protocol: "HTTPS", hostname: "*.example.com" };

function gateway(
  listeners: readonly GatewayListener[],
  addresses: readonly { type?: string; value: string }[],
): Gateway {
  return {
    metadata: { name: "public", namespace: "gateways" },
    spec: { gatewayClassName: "envoy", listeners },
    status: { addresses },
  };
}

const one = [{ type: "IPAddress", value: "10.0.0.1" }];
const hostnames = ["chat.example.com"];

describe("where a Gateway is asked", () => {
  it("is every address and every listener that serves the route", () => {
    const addresses = [...one, { type: "Hostname", value: "lb.example.com" }, { value: "10.0.0.3" }];
    const targets = targetsOf(gateway([http, https], addresses), { hostnames });
    expect(targets).toHaveLength(6);
    expect(targets.slice(0, 2)).toEqual([
      { address: "10.0.0.1", port: 80, isTls: false, host: "chat.example.com" },
      { address: "10.0.0.1", port: 443, isTls: true, host: "chat.example.com" },
    ]);
    expect(new Set(targets.map(({ address }) => address))).toEqual(new Set(["10.0.0.1", "lb.example.com", "10.0.0.3"]));
  });

  it("is the listener that the route names, if it names one", () => {
    const ports = targetsOf(gateway([http, https], one), { sectionName: "https", hostnames }).map(({ port }) => port);
    expect(ports).toEqual([443]);
  });

  it("is nowhere without an address, or with none that a connection can be made to", () => {
    expect(targetsOf(gateway([http], []), { hostnames })).toEqual([]);
    expect(targetsOf(gateway([http], [{ type: "NamedAddress", value: "pool" }]), { hostnames })).toEqual([]);
    const { status: _none, ...unplaced } = gateway([http], one);
    expect(targetsOf(unplaced, { hostnames })).toEqual([]);
  });

  it("is not at a listener of another protocol", () => {
    const others = ["TCP", "TLS", "UDP"].map((protocol) => ({ name: protocol, port: 1, protocol }));
    expect(targetsOf(gateway(others, one), { hostnames })).toEqual([]);
  });

  it.each([
    ["the route's, where the listener takes every one", undefined, ["a.example.com"], "a.example.com"],
    ["the first that the listener takes", "b.example.com", ["a.example.com", "b.example.com"], "b.example.com"],
    ["the listener's, where the route takes every one", "a.example.com", [], "a.example.com"],
    ["the narrower of the two", "a.example.com", ["*.example.com"], "a.example.com"],
    ["a word in the place of *", "*.example.com", ["*.example.com"], "dpo-probe.example.com"],
    ["any word, where nobody names one", undefined, [], "dpo-probe"],
  ])("has as its host %s", (_, hostname, names, expected) => {
    const listener = { ...http, ...(hostname && { hostname }) };
    expect(targetsOf(gateway([listener], one), { hostnames: names })).toMatchObject([{ host: expected }]);
  });

  it("is not at a listener that takes none of the route's host names", () => {
    const listener = { ...http, hostname: "other.org" };
    expect(targetsOf(gateway([listener], one), { hostnames })).toEqual([]);
    expect(targetsOf(gateway([{ ...http, hostname: "*.example.com" }], one), { hostnames: ["example.com"] })).toEqual(
      [],
    );
  });

  it("is a few of a thousand", () => {
    const many = Array.from({ length: 16 }, (_, i) => ({ value: `10.0.0.${i}` }));
    expect(targetsOf(gateway([http, https], many), { hostnames })).toHaveLength(8);
  });
});
