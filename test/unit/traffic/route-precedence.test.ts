import { describe, expect, it } from "vitest";
import type { HTTPRoute, HTTPRouteSpec } from "../../../src/kube/gateway-api.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { overshadowedBy } from "../../../src/traffic/route-precedence.ts";

const EARLY = "2026-01-01T00:00:00Z";
const LATE = "2026-01-01T00:00:01Z";

function route(name: string, created: string, spec: Partial<HTTPRouteSpec> = {}): Stored<HTTPRoute> {
  const metadata = {
    name,
    namespace: "chat",
    uid: name,
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: created,
  };
  const common = { parentRefs: [{ name: "public" }], hostnames: ["a.example.com"], rules: [{}] };
  return { metadata, spec: { ...common, ...spec } } as Stored<HTTPRoute>;
}

const own = route("canary", LATE);
const says = (...others: Stored<HTTPRoute>[]) => overshadowedBy(own, [own, ...others]);
const prefix = (value: string) => ({ path: { type: "PathPrefix", value } as const });

describe("a route gets no request", () => {
  it("for a host name that an older one has", () => {
    expect(says(route("old", EARLY))).toBe(
      "HTTPRoute old is older and gets the requests for a.example.com: delete it, or take that out of it",
    );
    expect(says(route("old", EARLY, { rules: [{ matches: [prefix("/v1"), prefix("/")] }] }))).toContain(
      "HTTPRoute old",
    );
  });

  it("that one of the same age gets whose name comes first", () => {
    expect(says(route("before", LATE))).toContain("HTTPRoute before");
    expect(says(route("later", LATE))).toBeUndefined();
  });

  it("where both have no host name at all", () => {
    const everywhere = route("canary", LATE, { hostnames: [] });
    expect(overshadowedBy(everywhere, [route("old", EARLY, { hostnames: [] })])).toContain("every host name");
    expect(overshadowedBy(everywhere, [route("old", EARLY)])).toBeUndefined();
  });
});

describe("an older route is in nobody's way", () => {
  it.each<[string, Partial<HTTPRouteSpec>]>([
    ["with another host name", { hostnames: ["b.example.com"] }],
    ["with none, which is less specific", { hostnames: [] }],
    ["with a longer path alone", { rules: [{ matches: [prefix("/admin")] }] }],
    ["with a header to match", { rules: [{ matches: [{ ...prefix("/"), headers: [{ name: "x", value: "y" }] }] }] }],
    ["at another Gateway", { parentRefs: [{ name: "internal" }] }],
    ["at one listener, which redirects", { parentRefs: [{ name: "public", sectionName: "http" }] }],
  ])("%s", (_what, spec) => {
    expect(says(route("old", EARLY, spec))).toBeUndefined();
  });

  it("that is younger, or is being deleted", () => {
    expect(says(route("young", "2026-01-02T00:00:00Z"))).toBeUndefined();
    const { metadata, ...rest } = route("old", EARLY);
    expect(says({ ...rest, metadata: { ...metadata, deletionTimestamp: LATE } })).toBeUndefined();
  });
});
