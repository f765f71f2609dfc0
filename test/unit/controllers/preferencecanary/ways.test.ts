import { describe, expect, it } from "vitest";
import { Traffic } from "../../../../src/api/v1alpha1/canary-traffic.ts";
import { readSlots } from "../../../../src/traffic/http-route.ts";
import { ALMOST_WHOLE, WHOLE } from "../../../../src/traffic/slots.ts";
import { CANARY } from "../../../builders/canary.ts";
import { given, stories } from "../../../builders/canary-stories.ts";
import type { CanaryWorld, Crash } from "../../../builders/canary-world.ts";
import { hinderedStories } from "../../../builders/hindered-stories.ts";
import { sharesOf } from "../../../builders/route-requests.ts";
import { candidateOf, HOUR, idle, losses, running, setPods, stableOf, wins } from "./scenario.ts";

function traffic(asked: object) {
  return Traffic.parse({
    httpRoute: { parentRefs: [{ name: "public" }], hostnames: ["assistant.example.com"], ...asked },
  });
}

const both = { traffic: traffic({ testers: {}, sticky: { cookie: {} } }) };

/** Who answers, and with how much of a million. */
function answers(world: CanaryWorld, headers: Readonly<Record<string, string>> = {}) {
  if (world.route === undefined) throw new Error("there is no route");
  const shares = Object.entries(sharesOf(world.route, headers, CANARY)).filter(([, weight]) => weight > 0);
  return Object.fromEntries(shares);
}

const wanting = (arm: string) => ({ "x-dpo-arm-wanted": arm });
const staying = (revision: string) => ({ cookie: `theme=dark; dpo-arm=${revision}; lang=de` });

/** All but the trace that keeps the other arm known to the gateway. */
function only(revision: string) {
  return expect.objectContaining({ [revision]: expect.toSatisfy((weight: number) => weight >= ALMOST_WHOLE) });
}

describe("a tester", () => {
  const watched = { ...both, afterPromotion: { watch: "1h" } };

  it("is answered by stable as long as there is no candidate, whatever is asked for", () => {
    const world = idle(both);
    const stable = { [stableOf(world)]: WHOLE };
    expect(answers(world, wanting("candidate"))).toEqual(stable);
    expect(answers(world, wanting("stable"))).toEqual(stable);
    expect(answers(world, wanting("0123456789"))).toEqual(stable);
  });

  it("reaches the candidate in a shadow step, in which no user does", () => {
    const world = running({ ...both, steps: [{ name: "shadow", weight: 0, minDuration: "240h" }] });
    const candidate = candidateOf(world);
    expect(answers(world)).toEqual({ [stableOf(world)]: WHOLE });
    expect(answers(world, wanting("candidate"))).toEqual(only(candidate));
    expect(answers(world, wanting(candidate))).toEqual(only(candidate));
  });

  it("34 reaches either arm at any weight, also with the cookie of the other", () => {
    const world = running(both);
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    expect(answers(world)).toEqual({ [stable]: 500_000, [candidate]: 500_000 });
    expect(answers(world, { ...wanting("stable"), ...staying(candidate) })).toEqual(only(stable));
    expect(answers(world, { ...wanting("candidate"), ...staying(stable) })).toEqual(only(candidate));
  });

  it("does not reach a candidate that cannot answer", () => {
    const world = running(both);
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    setPods(world, candidate, 0);
    world.settle();
    expect(answers(world, wanting("candidate"))).toEqual({ [stable]: WHOLE });
    expect(answers(world, wanting(candidate))).toEqual({ [stable]: WHOLE });
  });

  it("does not reach a rejected one from the write on that rejects it", () => {
    const world = running(both);
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.vote(losses);
    world.pass();
    expect(world.route?.metadata.annotations?.["dpo.dev/rejected"]).toBe(candidate);
    expect(answers(world, wanting("candidate"))).toEqual(only(stable));
    expect(answers(world, wanting(candidate))).toEqual(only(stable));
  });

  it("still reaches the stable of a watch, which no user does", () => {
    const world = running(watched);
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.vote(wins);
    world.settle(10_000);
    expect(world.status.step?.name).toBe("watch");
    expect(answers(world)).toEqual(only(candidate));
    expect(answers(world, wanting("stable"))).toEqual(only(stable));
    expect(answers(world, staying(stable))).toEqual(only(candidate));
    world.clock.pause(2 * HOUR);
    world.settle();
    expect(answers(world, wanting("stable"))).toEqual({ [candidate]: WHOLE });
  });
});

describe("a session", () => {
  it("46 stays with its arm while weights grow, and others are shared out", () => {
    const world = idle(both);
    const stable = stableOf(world);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    const seen = new Set<number>();
    for (let i = 0; i < 40; i++) {
      world.later(500);
      const { [candidateOf(world)]: share = 0 } = answers(world);
      seen.add(share);
      expect(answers(world, staying(stable))).toEqual(only(stable));
      if (share > 1) expect(answers(world, staying(candidateOf(world)))).toEqual(only(candidateOf(world)));
    }
    expect([...seen]).toEqual(expect.arrayContaining([0, 10_000, 500_000]));
  });

  it("leaves a rejected arm with the write that rejects it", () => {
    const world = running(both);
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.vote(losses);
    world.pass();
    expect(answers(world, staying(candidate))).toEqual(only(stable));
    world.settle();
    expect(answers(world, staying(candidate))).toEqual({ [stable]: WHOLE });
  });

  it("goes with the promotion, in one write", () => {
    const world = running(both);
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.vote(wins);
    world.settle();
    const promoting = world.cluster.routeVersions.find(
      ({ metadata }) => metadata.annotations?.["dpo.dev/stable"] === candidate,
    );
    expect(promoting && sharesOf(promoting, staying(stable), CANARY)).toEqual(only(candidate));
    expect(promoting && sharesOf(promoting, {}, CANARY)).toEqual(only(candidate));
    expect(answers(world, staying(stable))).toEqual({ [candidate]: WHOLE });
  });

  it("can be named by a header, for clients without cookies", () => {
    const world = running({ traffic: traffic({ sticky: { header: "x-session-arm" } }) });
    const candidate = candidateOf(world);
    expect(answers(world, { "x-session-arm": candidate })).toEqual(only(candidate));
  });

  it("begins with a cookie of its own age, which later answers do not renew", () => {
    const world = running({ traffic: traffic({ sticky: { cookie: { name: "arm", maxAge: "1h30m" } } }) });
    const stable = stableOf(world);
    const cookies = (world.route?.spec.rules ?? []).map(({ backendRefs = [] }) =>
      backendRefs.flatMap(({ filters = [] }) => filters).map(addedHeaders),
    );
    const cookie = `arm=${stable}; Path=/; Max-Age=5400; HttpOnly; SameSite=Lax`;
    expect(cookies[0]).toContainEqual([{ name: "set-cookie", value: cookie }]);
    expect(cookies.slice(1).flat(2)).toEqual([]);
  });
});

function addedHeaders(filter: object): unknown {
  return "responseHeaderModifier" in filter ? ((filter.responseHeaderModifier as { add?: unknown }).add ?? []) : [];
}

describe("what testers ask", () => {
  it("is neither mirrored nor marked as what users are answered", () => {
    const world = running(both);
    const rules = world.route?.spec.rules ?? [];
    const isMirrored = rules.map(({ filters = [] }) => filters.some(({ type }) => type === "RequestMirror"));
    expect(isMirrored).toEqual([true, false, false, true, true]);
    const marks = rules.map((rule) => JSON.stringify(rule.backendRefs).match(/x-dpo-[a-z-]*arm/g));
    const [users, testers] = [
      ["x-dpo-arm", "x-dpo-arm"],
      ["x-dpo-tested-arm", "x-dpo-tested-arm"],
    ];
    expect(marks).toEqual([users, testers, testers, users, users]);
  });
});

describe("Git asks for other ways in the middle of a run", () => {
  it("without moving anybody's traffic, and a promotion waits for the new rules", () => {
    const world = running();
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.edit({ traffic: both.traffic });
    world.pass();
    expect(answers(world)).toEqual({ [stable]: 500_000, [candidate]: 500_000 });
    expect(answers(world, staying(stable))).toEqual({ [stable]: WHOLE });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
    expect(world.faults().filter((fault) => !fault.includes("5 rules, and had 1"))).toEqual([]);
    const ofCandidate = world.cluster.routeVersions.map((route) =>
      (readSlots(route, CANARY) ?? []).filter(({ revision }) => revision === candidate),
    );
    const shares = ofCandidate.map((slots) => Math.max(0, ...slots.map(({ weight }) => weight)));
    expect(shares).toEqual(shares.toSorted((one, other) => one - other));
  });

  it("keeps the places of the rules when one of two kinds comes or goes", () => {
    const sticky = { traffic: traffic({ sticky: { cookie: {} } }) };
    const world = running(sticky);
    const candidate = candidateOf(world);
    for (const next of [both, sticky]) {
      world.edit({ traffic: next.traffic });
      world.settle(5_000);
      expect(answers(world, staying(candidate))).toEqual(only(candidate));
    }
    expect(world.faults()).toEqual([]);
  });

  it("takes the rules away", () => {
    const world = running(both);
    world.edit({ traffic: traffic({}) });
    world.settle(5_000);
    expect(world.route?.spec.rules).toHaveLength(1);
    expect(answers(world, staying(candidateOf(world)))).toEqual(answers(world));
  });
});

describe("somebody spoils one of the rules", () => {
  it("and it is made anew, without a change of the others", () => {
    const world = running(both);
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    const route = world.route;
    if (route === undefined) throw new Error("there is no route");
    const rules = (route.spec.rules ?? []).map((rule, i) => (i === 2 ? { ...rule, backendRefs: [] } : rule));
    world.cluster.put(world.cluster.routes, { ...route, spec: { ...route.spec, rules } });
    world.pass();
    expect(answers(world)).toEqual({ [stable]: 500_000, [candidate]: 500_000 });
    expect(answers(world, wanting("candidate"))).toEqual({ [stable]: WHOLE });
    world.settle(5_000);
    expect(answers(world, wanting("candidate"))).toEqual(only(candidate));
  });
});

/** What is hindered writes no rule. */
const moving = stories.filter((story) => !hinderedStories.includes(story));

describe.each(moving.map((story) => [story.event, story] as const))("with testers and sessions: %s", (_, story) => {
  it("every rule keeps what is true of a route, also with a process that dies before a write", () => {
    const play = (crashAt: Partial<Record<number, Crash>>) => {
      const world = given(story, both);
      story.happens(world);
      return [world, world.settle(60_000, crashAt)] as const;
    };
    const [undisturbed, passes] = play({});
    expect(undisturbed.faults()).toEqual([]);
    for (let at = 0; at < passes; at++) expect(play({ [at]: "BeforeEffect" })[0].faults()).toEqual([]);
  });
});
