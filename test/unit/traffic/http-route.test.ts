import { describe, expect, it } from "vitest";
import type { Applied } from "../../../src/kube/client.ts";
import type { HTTPBackendRef, HTTPRoute } from "../../../src/kube/gateway-api.ts";
import { ownedRoute, readSlots, unservedReason } from "../../../src/traffic/http-route.ts";
import { namedServices } from "../../../src/traffic/http-rules.ts";
import { type RouteIntent, type RouteWrite, readVerdicts } from "../../../src/traffic/route-kind.ts";
import { epochOf } from "../../../src/traffic/slots.ts";

const kind = ownedRoute(
  { canary: "assistant", namespace: "chat", port: 8080 },
  { parentRefs: [{ name: "public", namespace: "gateways" }], hostnames: ["assistant.example.com"] },
);
const intent: RouteIntent = {
  slots: [
    { revision: "aaaaaaaaaa", weight: 990_000 },
    { revision: "bbbbbbbbbb", weight: 10_000 },
  ],
  asked: {},
  ways: [],
  stable: "aaaaaaaaaa",
  rejected: { revision: "cccccccccc", reason: "people preferred stable" },
  mirrorPercent: 5,
};

const accepted = { type: "Accepted", status: "True", reason: "Accepted", message: "Route is accepted" } as const;
const refused = {
  type: "Accepted",
  status: "False",
  reason: "NotAllowedByListeners",
  message: "No listener allows this route's namespace.",
} as const;

function written(changes: Partial<RouteIntent> = {}) {
  return routeOf(kind.write({ ...intent, ...changes }, undefined, false));
}

function routeOf(write: RouteWrite) {
  if (write.type !== "Apply") throw new Error("a route of ours is applied");
  const { metadata, spec } = write.object as Applied<HTTPRoute>;
  if (spec === undefined) throw new Error("a route without a spec");
  return { metadata, spec };
}

/** What the answers of a backend say beside what it says itself. */
function headers(ref: HTTPBackendRef | undefined): Record<string, string> {
  const set = (ref?.filters ?? []).flatMap((filter) =>
    filter.type === "ResponseHeaderModifier" ? (filter.responseHeaderModifier.set ?? []) : [],
  );
  return Object.fromEntries(set.map(({ name, value }) => [name, value]));
}

describe("a canary's HTTPRoute", () => {
  it("marks each answer with the arm that gave it", () => {
    const [first, second] = written().spec.rules?.[0]?.backendRefs ?? [];
    expect(first).toMatchObject({
      name: "assistant-aaaaaaaaaa",
      port: 8080,
      weight: 990_000,
    });
    expect(second).toMatchObject({ name: "assistant-bbbbbbbbbb", weight: 10_000 });
    expect(headers(first)).toMatchObject({ "x-dpo-arm": "aaaaaaaaaa" });
    expect(headers(second)).toMatchObject({ "x-dpo-arm": "bbbbbbbbbb" });
  });

  it("marks the answers of both arms with the weights that they were served by, whatever else changes", () => {
    const epochOfAll = (changes: Partial<RouteIntent> = {}) =>
      written(changes).spec.rules?.[0]?.backendRefs?.map((ref) => headers(ref)["x-dpo-epoch"]);
    expect(epochOfAll()).toEqual([epochOf(intent.slots), epochOf(intent.slots)]);
    expect(epochOfAll({ mirrorPercent: 50, stable: "bbbbbbbbbb" })).toEqual(epochOfAll());
    const [first, second] = intent.slots;
    expect(epochOfAll({ slots: [second, first] })).not.toEqual(epochOfAll());
  });

  it("mirrors a share of the requests to the sampler, or nothing", () => {
    expect(written().spec.rules?.[0]?.filters).toMatchObject([
      { type: "RequestMirror", requestMirror: { backendRef: { name: "assistant-sampler" }, percent: 5 } },
    ]);
    const { mirrorPercent: _none, ...unmirrored } = intent;
    expect(routeOf(kind.write(unmirrored, undefined, false)).spec.rules?.[0]?.filters).toEqual([]);
  });

  it("is read back as it was written", () => {
    expect(readSlots(written(), "assistant")).toEqual(intent.slots);
    expect(readVerdicts(written())).toEqual({ stable: intent.stable, rejected: intent.rejected });
    expect(namedServices(written())).toEqual(
      new Set(["assistant-aaaaaaaaaa", "assistant-bbbbbbbbbb", "assistant-sampler"]),
    );
  });

  it("names no Service of another namespace, whatever that is called", () => {
    const { metadata, spec } = written();
    const far = { name: "assistant-aaaaaaaaaa", namespace: "shop", port: 80 };
    const near = { name: "assistant-bbbbbbbbbb", namespace: "chat", port: 80 };
    const copies = [
      { type: "RequestMirror", requestMirror: { backendRef: { ...far, name: "assistant-sampler" } } },
    ] as const;
    const rules = [{ backendRefs: [far, near], filters: copies }];
    expect(namedServices({ metadata, spec: { ...spec, rules } })).toEqual(new Set(["assistant-bbbbbbbbbb"]));
  });

  it("has no slots when a stranger has made something else of it", () => {
    const { metadata, spec } = written();
    const [rule] = spec.rules ?? [];
    const [ref = { name: "one" }] = rule?.backendRefs ?? [];
    expect(readSlots({ metadata, spec: { ...spec, rules: [] } }, "assistant")).toBeUndefined();
    const spoilt = { metadata, spec: { ...spec, rules: [{ ...rule, backendRefs: [ref, ref, ref] }] } };
    expect(readSlots(spoilt, "assistant")).toBeUndefined();
  });
});

describe("whether a route is served", () => {
  const answered = (
    condition: typeof accepted | typeof refused,
    parentRef = { name: "public", namespace: "gateways" },
  ) => ({
    ...written(),
    status: { parents: [{ parentRef, controllerName: "gateway.example.com", conditions: [condition] }] },
  });

  it("is up to every Gateway that it names", () => {
    expect(unservedReason(answered(accepted))).toBeUndefined();
    expect(unservedReason(answered(refused))).toBe(
      "Gateway gateways/public does not serve it: No listener allows this route's namespace. (NotAllowedByListeners)",
    );
  });

  it("is not so where nobody answers for a Gateway", () => {
    const silent = /^no controller has answered for Gateway gateways\/public/;
    expect(unservedReason(written())).toMatch(silent);
    expect(unservedReason(answered(accepted, { name: "another", namespace: "gateways" }))).toMatch(silent);
  });
});
