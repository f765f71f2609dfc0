import { describe, expect, it } from "vitest";
import { nameIn } from "../../../../src/controllers/preferencecanary/effect.ts";
import { CANARY, digest, modelUri, podTemplate } from "../../../builders/canary.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { armOf, candidateOf, HOUR, idle, losses, ready, serving, setPods, stableOf, wins } from "./scenario.ts";
import { CANDIDATES, contender, fair, good, revisionOf, selecting } from "./selecting.ts";

function sampled(world: CanaryWorld) {
  const config = armOf(world, "sampler")?.spec?.template?.spec?.containers?.[0]?.env?.[0]?.value ?? "{}";
  const { candidate, selection } = JSON.parse(config) as {
    candidate?: { revision: string };
    selection?: { contenders: { revision: string }[]; minShare: number };
  };
  return {
    candidate: candidate?.revision,
    contenders: selection?.contenders.map(({ revision }) => revision),
    minShare: selection?.minShare,
  };
}

function outcomes(world: CanaryWorld): Record<string, string> {
  const named = new Map(CANDIDATES.map(({ name, digest }) => [digest as string, name]));
  return Object.fromEntries(
    (world.status.history ?? []).map(({ digest, outcome }) => [named.get(digest) ?? digest, outcome]),
  );
}

describe("a selection", () => {
  it("gives every contender an arm and no user", () => {
    const world = selecting();
    for (const { name } of CANDIDATES) expect(armOf(world, revisionOf(world, name))).toBeDefined();
    expect(serving(world)).toEqual({ [stableOf(world)]: 1_000_000 });
    expect(world.status.candidate).toBeUndefined();
    expect(world.status).toMatchObject({
      phase: "Progressing",
      step: { name: "selection 3/3 left" },
      weights: { desired: 0 },
    });
    expect(ready(world)).toMatchObject({ status: "Unknown", reason: "Selecting" });
    expect(world.effects.filter(({ type }) => type === "WriteRoute").length).toBeGreaterThan(0);
  });

  it("has the sampler ask all of them, once they can answer", () => {
    const world = idle({ model: { candidates: CANDIDATES }, selection: { minShare: 20 } });
    expect(sampled(world)).toEqual({
      candidate: undefined,
      contenders: CANDIDATES.map(({ name }) => revisionOf(world, name)),
      minShare: 0.2,
    });
  });

  it("does not ask one whose pods are not there", () => {
    const world = idle();
    world.autoReady = false;
    world.edit({ model: { candidates: CANDIDATES }, selection: { minShare: 10 } });
    world.settle();
    const red = revisionOf(world, "red");
    setPods(world, red);
    world.settle();
    expect(sampled(world).contenders).toEqual([red]);
    expect(contender(world, "green")).toMatchObject({ state: "Starting" });
    expect(contender(world, "green")).not.toHaveProperty("share");
    expect(contender(world, "red")).toMatchObject({ state: "Compared", share: "100%" });
  });

  it("makes the pods of all from a template that stands in the canary", () => {
    const world = selecting({ serving: { template: podTemplate(modelUri("a"), "server:2") } });
    for (const { name } of CANDIDATES)
      expect(armOf(world, revisionOf(world, name))?.spec?.template.spec?.containers[0]?.image).toBe("server:2");
    expect(serving(world)).toEqual({ [stableOf(world)]: 1_000_000 });
  });

  it("gives the better ones more of the comparisons", () => {
    const world = selecting();
    world.voteFor("green", good);
    world.voteFor("red", fair);
    world.later(10_000);
    const share = (name: string) => Number.parseFloat(contender(world, name)?.share ?? "0");
    expect(share("green")).toBeGreaterThan(share("red"));
    expect(share("red")).toBeGreaterThanOrEqual(10);
    expect(share("red") + share("green") + share("blue")).toBeCloseTo(100, 0);
    expect(world.status.gates?.[0]).toMatchObject({ name: "winRate", estimate: "60%", samples: 30 });
  });

  it("takes one out at once that a gate fails, and goes on", () => {
    const world = selecting();
    const red = revisionOf(world, "red");
    world.voteFor("red", losses);
    world.settle();
    expect(contender(world, "red")).toMatchObject({ state: "RolledBack" });
    expect(world.status.step?.name).toBe("selection 2/3 left");
    expect(armOf(world, red)).toBeUndefined();
    expect(sampled(world).contenders).not.toContain(red);
    expect(world.status.lastRun).toMatchObject({ revision: red, outcome: "RolledBack" });
    expect(world.status.conditions?.find(({ type }) => type === "RolledBack")?.status).toBe("False");
    expect([...world.archived.values()].map(({ candidate, outcome }) => [candidate.revision, outcome])).toEqual([
      [red, "RolledBack"],
    ]);
    // So that a replay comes to the same verdicts.
    expect([...world.archived.values()][0]?.spec.gates.winRate).toMatchObject({ falseRollback: "1.666666%" });
  });

  it("makes the first that passes the candidate and retires the rest", () => {
    const world = selecting();
    const [green, red] = [revisionOf(world, "green"), revisionOf(world, "red")];
    world.voteFor("red", fair);
    world.voteFor("green", wins);
    world.settle();
    expect(world.status).toMatchObject({ candidate: { revision: green, among: 3 }, step: { name: "shadow" } });
    expect(world.status).not.toHaveProperty("contenders");
    expect(armOf(world, red)).toBeUndefined();
    expect(sampled(world)).toMatchObject({ candidate: green, contenders: undefined });
    expect(outcomes(world)).toEqual({ red: "Retired", blue: "Retired" });
    expect(world.status.history?.find(({ revision }) => revision === red)?.message).toBe(
      "green (100% of 60 comparisons won) was chosen. This one: 50% of 30 comparisons won",
    );
    expect(world.events.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(["SelectionStarted", "CandidateChosen"]),
    );
  });

  it("then goes through the steps, judged at its part of the rates by all of its evidence", () => {
    const world = selecting();
    world.voteFor("green", wins);
    world.settle();
    expect(world.status.gates?.[0]).toMatchObject({
      samples: 60,
      numbers: expect.stringContaining("falsePromotion 1.666666%"),
    });
    expect(world.status.gates?.[0]).not.toHaveProperty("changedFrom");
    const green = candidateOf(world);
    world.later(2 * HOUR);
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: green } });
    world.later(10 * HOUR);
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: green } });
    expect(world.faults()).toEqual([]);
  });

  it("hands on what was known before: numbers, and that somebody changed what was asked for", () => {
    const world = selecting();
    world.voteFor("green", good);
    world.later(10_000);
    const { gates } = world.canary.spec;
    world.edit({ gates: { ...gates, winRate: { ...gates.winRate, target: "65%" } } });
    world.settle();
    world.voteFor("green", wins);
    world.settle();
    expect(world.status.gates?.[0]).toMatchObject({ samples: 90, changedFrom: expect.stringContaining("target 60%") });
    expect(world.status.conditions?.find(({ type }) => type === "GatesChanged")?.status).toBe("True");
  });

  it("is over with its run: a candidate that is rejected is not followed by another", () => {
    const world = selecting();
    world.voteFor("green", wins);
    world.settle();
    const green = candidateOf(world);
    world.annotate({ "dpo.dev/rollback": green });
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { revision: green, outcome: "RolledBack" } });
    world.settle(10 * HOUR);
    expect(serving(world)).toEqual({ [stableOf(world)]: 1_000_000 });
    expect(
      world.cluster.deployments.list().filter(({ metadata }) => metadata.labels?.["dpo.dev/revision"]),
    ).toHaveLength(1);
  });

  it("is rolled back when all fail, and says so of each", () => {
    const world = selecting();
    for (const { name } of CANDIDATES) {
      world.voteFor(name, losses);
      world.settle();
    }
    expect(world.status.phase).toBe("RolledBack");
    expect(outcomes(world)).toEqual({ red: "RolledBack", green: "RolledBack", blue: "RolledBack" });
    for (const { message } of world.status.history ?? []) expect(message).toMatch(/winRate: .*60/);
    expect(ready(world)?.message).toContain("none of red, green, blue is left to choose from");
    expect(world.status.conditions?.find(({ type }) => type === "RolledBack")?.status).toBe("True");
    expect(serving(world)).toEqual({ [stableOf(world)]: 1_000_000 });
  });

  it("chooses the best at its deadline, of those that something is known of", () => {
    const world = selecting({ selection: { deadline: "2h" } });
    const green = revisionOf(world, "green");
    world.voteFor("red", fair);
    world.voteFor("green", good);
    world.later(HOUR);
    expect(world.status.candidate).toBeUndefined();
    world.later(HOUR);
    expect(candidateOf(world)).toBe(green);
  });

  it("is not said to want for evidence when a gate has just failed the last of them", () => {
    const world = selecting();
    for (const { name } of CANDIDATES) world.voteFor(name, losses);
    world.settle();
    const said = world.statuses.flatMap(({ conditions = [] }) => conditions.map(({ reason }) => reason));
    expect(said).toContain("Selecting");
    expect(said).not.toContain("NoData");
  });

  it("chooses nobody at its deadline by evidence that cannot be read", () => {
    const world = selecting({ selection: { deadline: "2h" } });
    world.voteFor("green", good);
    world.settle();
    world.evidence.setAccess({ type: "Unreadable", problem: "down" });
    world.later(3 * HOUR);
    expect(world.status.candidate).toBeUndefined();
    expect(ready(world)).toMatchObject({
      reason: "NoData",
      message: expect.stringMatching(/green \(\w+\) won 60% of 30, NoData, and cannot be chosen \(winRate: [^)]*down/),
    });
    world.evidence.setAccess({ type: "Readable" });
    world.later(1_000);
    expect(world.status.candidate).toBeDefined();
  });

  it("keeps the one it chooses although a pod of that is missing just then", () => {
    const world = selecting({ replicas: 2 });
    const green = revisionOf(world, "green");
    world.later(2 * HOUR);
    setPods(world, green, 1);
    world.voteFor("green", wins);
    world.settle(30_000);
    expect(world.status).toMatchObject({
      phase: "Progressing",
      candidate: { revision: green },
      step: { name: "shadow" },
    });
  });

  it("gives the one it chooses after the deadline of the run that time anew", () => {
    const world = selecting({ selection: { deadline: "2h" }, deadline: "4h" });
    const green = revisionOf(world, "green");
    world.edit({ suspend: true });
    world.voteFor("green", good);
    world.later(5 * HOUR);
    world.edit({ suspend: false });
    world.later(3 * HOUR);
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: { revision: green } });
    world.later(2 * HOUR);
    expect(world.status.lastRun).toMatchObject({ revision: green, message: expect.stringMatching(/^Inconclusive/) });
  });

  it("chooses nobody at its deadline before all evidence was read", () => {
    const world = selecting({ selection: { deadline: "2h" } });
    const green = revisionOf(world, "green");
    world.voteFor("red", fair);
    world.settle();
    world.evidence.setAccess({ type: "Unread" });
    world.voteFor("green", good);
    world.later(3 * HOUR);
    expect(world.status.candidate).toBeUndefined();
    expect(ready(world)).toMatchObject({
      reason: "ReadingEvidence",
      message: expect.stringMatching(
        /red \(\w+\) won 50% of 30, \w+, and nobody is chosen before its evidence was read/,
      ),
    });
    expect(contender(world, "red")?.message).toMatch(/^nobody is chosen before its evidence was read; winRate: /);
    world.evidence.setAccess({ type: "Readable" });
    world.later(1_000);
    expect(candidateOf(world)).toBe(green);
  });

  it("takes an order before all evidence was read", () => {
    const world = selecting();
    const blue = revisionOf(world, "blue");
    world.evidence.setAccess({ type: "Unread" });
    world.annotate({ "dpo.dev/promote": blue });
    world.settle(1_000);
    expect(candidateOf(world)).toBe(blue);
  });

  it("does not take a lucky comparison for the best", () => {
    const world = selecting({ selection: { deadline: "2h" } });
    const green = revisionOf(world, "green");
    world.voteFor("red", [1]);
    world.voteFor("blue", [1, 1]);
    world.voteFor("green", good);
    world.later(2 * HOUR);
    expect(candidateOf(world)).toBe(green);
  });

  it("is not decided while it is suspended, and one that fails is out all the same", () => {
    const world = selecting();
    world.edit({ suspend: true });
    world.voteFor("green", wins);
    world.voteFor("red", losses);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Paused", step: { name: "selection 2/3 left" } });
    world.edit({ suspend: false });
    world.settle();
    expect(world.status.candidate).toBeDefined();
  });

  it("does not begin while the canary is suspended", () => {
    const world = idle({ model: { candidates: CANDIDATES }, selection: {}, suspend: true });
    expect(
      world.cluster.deployments.list().filter(({ metadata }) => metadata.labels?.["dpo.dev/revision"]),
    ).toHaveLength(1);
    expect(world.status.phase).toBe("Paused");
  });

  it("takes orders by revision: one contender out, another the candidate", () => {
    const world = selecting();
    const [red, blue] = [revisionOf(world, "red"), revisionOf(world, "blue")];
    world.annotate({ "dpo.dev/rollback": red });
    world.settle();
    expect(contender(world, "red")).toMatchObject({
      state: "RolledBack",
      message: expect.stringContaining("By order"),
    });
    world.annotate({ "dpo.dev/rollback": red, "dpo.dev/promote": blue });
    world.settle(60_000);
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: blue } });
  });

  it("lets one in again that retry names, without what was found before", () => {
    const world = selecting();
    const red = revisionOf(world, "red");
    world.voteFor("red", losses);
    world.settle();
    world.annotate({ "dpo.dev/retry": red });
    world.settle(30_000);
    expect(contender(world, "red")).toMatchObject({ state: "Compared" });
    expect(sampled(world).contenders).toContain(red);
  });

  it("takes one out that does not get ready in time, without judging its model", () => {
    const world = idle();
    world.autoReady = false;
    world.edit({ model: { candidates: CANDIDATES }, selection: { minShare: 10 } });
    world.settle();
    for (const name of ["green", "blue"]) setPods(world, revisionOf(world, name));
    world.later(0.2 * HOUR);
    expect(contender(world, "red")).toMatchObject({ state: "Failed" });
    expect(world.status.step?.name).toBe("selection 2/3 left");
  });

  it("takes one out whose pods the API server does not take for as long, and the others do not wait for it", () => {
    const refused = `${CANARY}-${revisionOf(selecting(), "red")}`;
    const world = idle();
    world.refuses = (effect) => effect.type === "ApplyDeployment" && nameIn(effect) === refused;
    world.edit({ model: { candidates: CANDIDATES }, selection: { minShare: 10 } });
    world.later(1_000);
    expect(contender(world, "red")).toMatchObject({
      state: "Starting",
      message: expect.stringMatching(/^since .*forbidden$/),
    });
    for (const name of ["green", "blue"]) expect(contender(world, name)).toMatchObject({ state: "Compared" });
    expect(ready(world)).toMatchObject({ reason: "Selecting", message: expect.stringContaining("is forbidden") });
    for (let minutes = 0; minutes < 11; minutes += 1) world.later(HOUR / 60);
    expect(contender(world, "red")).toMatchObject({
      state: "Failed",
      message: "for 10m the API server has not taken what it is made of: ApplyDeployment is forbidden",
    });
    expect(world.status.step?.name).toBe("selection 2/3 left");
  });

  it("ends when Git asks for something else, without a verdict", () => {
    const world = selecting();
    world.edit({ model: { uri: modelUri("e"), digest: digest("e") } });
    world.settle(30_000);
    expect(world.status.candidate).toMatchObject({ digest: digest("e") });
    expect(world.status.candidate).not.toHaveProperty("among");
    expect(outcomes(world)).toEqual({ red: "Superseded", green: "Superseded", blue: "Superseded" });
  });

  it("takes the place of a run that is on its way, whose evidence counts on", () => {
    const world = idle({ model: { uri: modelUri("c"), digest: digest("c") } });
    world.settle(30_000);
    world.vote(fair);
    world.settle();
    const before = candidateOf(world);
    world.edit({ model: { candidates: CANDIDATES }, selection: { minShare: 10 } });
    world.settle(30_000);
    expect(contender(world, "green")).toMatchObject({ revision: before, state: "Compared" });
    expect(contender(world, "green")?.gates[0]).toMatchObject({ samples: 30 });
    expect(world.faults()).toEqual([]);
  });

  it("goes on after status is lost", () => {
    const world = selecting();
    world.voteFor("red", losses);
    world.voteFor("green", good);
    world.settle();
    world.loseStatus();
    world.settle(30_000);
    expect(world.status.step?.name).toBe("selection 2/3 left");
    expect(contender(world, "green")?.gates[0]).toMatchObject({ samples: 30 });
    world.voteFor("green", wins);
    world.settle();
    world.loseStatus();
    world.settle(30_000);
    expect(world.status.candidate).toMatchObject({ digest: digest("c"), among: 3 });
  });

  it("is not begun anew by another workload once it is decided", () => {
    const world = selecting();
    world.voteFor("green", wins);
    world.settle();
    const before = candidateOf(world);
    world.workload({
      spec: { containers: [{ name: "server", image: "server:2", env: [{ name: "MODEL_URI", value: modelUri("a") }] }] },
    });
    world.settle(30_000);
    expect(world.status.candidate).toMatchObject({ digest: digest("c"), among: 3 });
    expect(candidateOf(world)).not.toBe(before);
  });

  it("is not begun anew when few runs are remembered", () => {
    const world = selecting({ history: { limit: 0 } });
    world.voteFor("green", wins);
    world.settle();
    world.annotate({ "dpo.dev/promote": candidateOf(world) });
    world.settle(HOUR);
    expect(world.status.phase).toBe("Promoted");
    for (const version of [2, 3]) {
      const env = [{ name: "MODEL_URI", value: modelUri("a") }];
      world.workload({ spec: { containers: [{ name: "server", image: `server:${version}`, env }] } });
      world.settle(30_000);
      world.annotate({ "dpo.dev/promote": candidateOf(world) });
      world.settle(HOUR);
    }
    expect(world.status).not.toHaveProperty("contenders");
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { digest: digest("c") } });
  });

  it("leaves nothing of the contenders when the canary is deleted", () => {
    const world = selecting();
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    expect(world.cluster.deployments.list().filter(({ metadata }) => metadata.labels?.["dpo.dev/canary"])).toHaveLength(
      1,
    );
  });
});
