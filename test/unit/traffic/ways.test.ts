import { describe, expect, it } from "vitest";
import type { HTTPRoute } from "../../../src/kube/gateway-api.ts";
import { type Asked, matchesOf, type Way, waysOf } from "../../../src/traffic/ways.ts";
import { ruleFor } from "../../builders/route-requests.ts";

const REVISION = "b41a9d5c02";

const asked: Asked = {
  testers: { header: "x-dpo-arm-wanted" },
  sticky: { cookie: { name: "dpo-arm", maxAge: 3600 } },
};

/** Whether a request with these headers goes this way to the arm of {@link REVISION}. */
function goes(way: Way, headers: Readonly<Record<string, string>>, of = asked): boolean {
  const route: HTTPRoute = {
    metadata: { name: "assistant" },
    spec: { rules: [{ matches: matchesOf(way, of, REVISION) }] },
  };
  return ruleFor(route, headers) !== undefined;
}

describe("the way of a session", () => {
  const way: Way = { of: "Sessions", to: "Candidate" };

  it.each([
    [`dpo-arm=${REVISION}`],
    [`dpo-arm=${REVISION}; theme=dark`],
    [`theme=dark; dpo-arm=${REVISION}`],
    [`theme=dark;dpo-arm=${REVISION};lang=de`],
  ])("is found among other cookies: %s", (cookie) => {
    expect(goes(way, { cookie })).toBe(true);
  });

  it.each([
    ["another revision", "dpo-arm=7c9f01ab23"],
    ["a longer value", `dpo-arm=${REVISION}0`],
    ["a cookie whose name ends so", `my-dpo-arm=${REVISION}`],
    ["a cookie whose value has it", `note=dpo-arm=${REVISION}`],
    ["none", ""],
  ])("is not that of %s", (_, cookie) => {
    expect(goes(way, { cookie })).toBe(false);
  });

  it("is named by the header that the spec names, and by no cookie then", () => {
    const byHeader: Asked = { sticky: { header: "x-session-arm" } };
    expect(goes(way, { "x-session-arm": REVISION }, byHeader)).toBe(true);
    expect(goes(way, { cookie: `dpo-arm=${REVISION}` }, byHeader)).toBe(false);
  });
});

describe("the way of a tester", () => {
  it.each([
    ["Stable", "stable", true],
    ["Stable", "candidate", false],
    ["Candidate", "candidate", true],
    ["Candidate", REVISION, true],
    ["Candidate", "stable", false],
  ] as const)("to %s, for who wants %s: %s", (to, wanted, isTaken) => {
    expect(goes({ of: "Testers", to }, { "x-dpo-arm-wanted": wanted })).toBe(isTaken);
  });
});

describe("the rules behind the one for everybody", () => {
  const { testers, sticky } = asked;

  it("are none where nobody may name an arm", () => {
    expect(waysOf({})).toEqual([]);
  });

  it.each([
    ["testers", { ...(testers && { testers }) }],
    ["sessions", { ...(sticky && { sticky }) }],
    ["both", asked],
  ])("are four with %s, so that one kind can come and go without moving the other's", (_, some) => {
    expect(waysOf(some).map(({ to }) => to)).toEqual(["Stable", "Candidate", "Stable", "Candidate"]);
  });

  it("are the testers' first: who is both is a tester", () => {
    expect(waysOf(asked).map(({ of }) => of)).toEqual(["Testers", "Testers", "Sessions", "Sessions"]);
  });
});
