import { describe, expect, it } from "vitest";
import type { RouteWrite } from "../../../../src/traffic/route-kind.ts";
import { WHOLE } from "../../../../src/traffic/slots.ts";
import { CANARY, canarySpec, digest, modelUri, NAMESPACE, podTemplate } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const wins = Array<1>(60).fill(1);
const losses = Array<0>(60).fill(0);

function started(spec?: Readonly<Record<string, unknown>>): CanaryWorld {
  const world = new CanaryWorld(spec);
  world.workload();
  world.settle();
  return world;
}

/** A candidate that is in its last step. */
function running(spec?: Readonly<Record<string, unknown>>): CanaryWorld {
  const world = started(spec);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

function rolledBack(): CanaryWorld {
  const world = running();
  world.vote(losses);
  world.settle();
  return world;
}

function weights(world: CanaryWorld): Record<string, number> {
  const serving = world.slots?.filter(({ weight }) => weight > 0) ?? [];
  return Object.fromEntries(serving.map(({ revision, weight }) => [revision, weight]));
}

function stableOf(world: CanaryWorld): string {
  return world.status.stable?.revision ?? "no stable";
}

function candidateOf(world: CanaryWorld): string {
  return world.status.candidate?.revision ?? "no candidate";
}

describe("the first revision", () => {
  it("serves the template's own model without a gate, and says so", () => {
    const world = started();
    expect(weights(world)).toEqual({ [stableOf(world)]: WHOLE });
    expect(world.status).toMatchObject({ phase: "Idle", stable: { digest: digest("a") } });
    expect(world.events.map(({ reason }) => reason)).toEqual(["FirstRevision"]);
  });

  it("is Unverified when the template's model does not end in a digest", () => {
    const world = new CanaryWorld();
    world.workload(podTemplate("s3://models/base"));
    world.settle();
    expect(world.status.stable?.digest).toBe("");
    expect(world.status.conditions?.[0]?.message).toContain("Unverified");
  });

  it("is replaced without a gate as long as it was never ready", () => {
    const world = new CanaryWorld();
    world.autoReady = false;
    world.workload();
    world.settle();
    expect(world.route).toBeUndefined();
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle();
    expect(world.cluster.deployments.labelled("dpo.dev/canary", CANARY, NAMESPACE)).toHaveLength(1);
    world.cluster.readyAll();
    world.settle();
    expect(world.status.phase).toBe("Idle");
    expect(world.status.lastRun).toBeUndefined();
  });

  it("says Reconciling and Ready Unknown before anything else", () => {
    const world = new CanaryWorld();
    world.pass();
    const states = world.statuses[0]?.conditions?.map(({ type, status }) => `${type}=${status}`);
    expect(states?.slice(0, 3)).toEqual(["Ready=Unknown", "Reconciling=True", "Stalled=False"]);
    expect(world.statuses[0]?.observedGeneration).toBe(1);
  });
});

describe("a run", () => {
  it("takes a validated job's model through the steps and promotes it", () => {
    const world = running();
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" }, weights: { desired: 50 } });
    expect(weights(world)).toEqual({ [stable]: 500_000, [candidate]: 500_000 });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", lastRun: { outcome: "Promoted" } });
    expect(stableOf(world)).toBe(candidate);
    expect(weights(world)).toEqual({ [candidate]: WHOLE });
    expect(world.events.map(({ reason }) => reason)).toEqual([
      "FirstRevision",
      "CandidateSeen",
      "StepEntered",
      "StepEntered",
      "StepEntered",
      "Promoted",
    ]);
    expect(world.faults()).toEqual([]);
  });

  it("judges all of its evidence by numbers that Git changes in mid-run, and says that the rates no longer hold", () => {
    const world = running();
    const winRate = { min: "50%", target: "60%", falsePromotion: "5%", falseRollback: "5%" } as const;
    world.vote(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 1 : 0)));
    world.settle();
    expect(world.status.gates).toMatchObject([{ verdict: "Undecided", samples: 60 }]);
    const changed = () => world.status.conditions?.find(({ type }) => type === "GatesChanged");
    expect(changed()?.status).toBe("False");
    world.edit({ gates: { winRate: { ...winRate, min: "20%", target: "30%" } } });
    world.settle(1);
    expect(changed()).toMatchObject({
      status: "True",
      message: expect.stringMatching(/At first winRate: .*min 50%, .*now .*min 20%/),
    });
    expect(world.status.gates).toMatchObject([{ verdict: "Pass", samples: 60 }]);
  });

  it("passes every step for its time even when the gates pass in the first", () => {
    const world = started();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(1);
    world.vote(wins);
    world.settle(9_000);
    expect(world.status).toMatchObject({ step: { name: "first" }, gates: [{ verdict: "Pass" }] });
    world.settle();
    expect(world.statuses.map(({ step }) => step?.name).filter((name, i, all) => name !== all[i - 1])).toEqual([
      "shadow",
      "first",
      "half",
      undefined,
    ]);
  });

  it("is not promoted by numbers that do not stand in status yet", () => {
    const world = running();
    world.vote(wins);
    expect(world.pass().effect).toBeUndefined();
    expect(world.status).toMatchObject({ phase: "Progressing", gates: [{ verdict: "Pass" }] });
    world.pass();
    expect(world.route?.metadata.annotations).toMatchObject({ "dpo.dev/stable": candidateOf(world) });
  });

  it("gives a candidate no traffic before all its pods are ready, and asks it nothing", () => {
    const world = started(canarySpec({ replicas: 2, minCandidateReplicas: 2 }));
    world.autoReady = false;
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle();
    const candidate = candidateOf(world);
    world.cluster.setReady(`${CANARY}-${candidate}`, 1);
    world.settle();
    expect(Object.keys(weights(world))).toEqual([stableOf(world)]);
    const sampler = world.cluster.deployments.get({ namespace: "chat", name: world.samplerName });
    expect(JSON.stringify(sampler)).not.toContain(candidate);
  });

  it("ends as Failed when the candidate is not ready in ten minutes, rejects nothing, and does not start it again", () => {
    const world = started();
    world.autoReady = false;
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(1);
    const candidate = candidateOf(world);
    world.settle(11 * 60_000);
    expect(world.status).toMatchObject({ phase: "Stalled", lastRun: { outcome: "Failed", revision: candidate } });
    expect(world.cluster.deployments.get({ namespace: "chat", name: `${CANARY}-${candidate}` })).toBeUndefined();
    expect(world.route?.metadata.annotations).not.toHaveProperty("dpo.dev/rejected");
    world.autoReady = true;
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(10_000);
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: { digest: digest("c") } });
  });

  it("is superseded when Git changes the workload, and nothing is rejected", () => {
    const world = running();
    const candidate = candidateOf(world);
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle(15_000);
    expect(world.status.lastRun).toMatchObject({ outcome: "Superseded", revision: candidate });
    expect(world.status.candidate?.digest).toBe(digest("b"));
    expect(candidateOf(world)).not.toBe(candidate);
    expect(world.route?.metadata.annotations).not.toHaveProperty("dpo.dev/rejected");
    expect(world.faults()).toEqual([]);
  });

  it("lets a newer job wait until it is over", () => {
    const world = running();
    const candidate = candidateOf(world);
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(10_000);
    expect(candidateOf(world)).toBe(candidate);
    world.vote(wins);
    world.settle(10_000);
    expect(world.status.candidate?.digest).toBe(digest("c"));
    expect(stableOf(world)).toBe(candidate);
  });

  it("judges a candidate with stable's own model at not worse instead of better", () => {
    const world = started();
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle(30_000);
    expect(world.status.candidate?.digest).toBe(digest("a"));
    const even = Array.from({ length: 400 }, (_, i) => (i % 2) as 0 | 1);
    world.vote(even);
    world.settle();
    expect(world.status.lastRun?.outcome).toBe("Promoted");
  });
});

describe("a rollback", () => {
  it("takes the candidate back, and does not try its model again", () => {
    const world = running();
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.vote(losses);
    world.pass();
    expect(weights(world)).toEqual({ [stable]: WHOLE - 1, [candidate]: 1 });
    expect(world.route?.metadata.annotations).toMatchObject({ "dpo.dev/rejected": candidate });
    expect(world.facts().run.candidate).toMatchObject({ revision: candidate, state: "Rejected" });
    world.settle();
    expect(world.status).toMatchObject({
      phase: "RolledBack",
      lastRun: { outcome: "RolledBack", revision: candidate },
    });
    expect(world.status.candidate).toBeUndefined();
    expect(weights(world)).toEqual({ [stable]: WHOLE });
    expect(world.events.at(-1)).toMatchObject({ type: "Warning", reason: "RolledBack" });
    expect(world.faults()).toEqual([]);
  });

  it("is written to the route in the shadow step too", () => {
    const world = started();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(1);
    const candidate = candidateOf(world);
    world.vote(losses);
    world.settle();
    expect(world.route?.metadata.annotations).toMatchObject({ "dpo.dev/rejected": candidate });
    expect(world.status.phase).toBe("RolledBack");
  });

  it("happens while suspended", () => {
    const world = running();
    world.edit({ suspend: true });
    world.vote(losses);
    world.settle();
    expect(world.status.lastRun?.outcome).toBe("RolledBack");
  });

  it("needs no collector once the sums in status have decided", () => {
    const world = running();
    const [gate] = world.status.gates ?? [];
    if (gate === undefined) throw new Error("no gate");
    const failedAt = { sequence: 9, samples: 24, sum: "0" };
    world.setStatus({ gates: [{ ...gate, samples: 24, sum: "0", failedAt }] });
    world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
    world.pass();
    expect(weights(world)[stableOf(world)]).toBe(WHOLE - 1);
  });

  it("outlives the loss of status, with the collector down", () => {
    const world = running();
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.vote(losses);
    world.pass("BeforeStatus");
    world.loseStatus();
    world.restart();
    world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
    world.settle();
    expect(weights(world)).toEqual({ [stable]: WHOLE });
    expect(world.status.lastRun).toMatchObject({ outcome: "RolledBack", revision: candidate });
    expect(world.faults()).toEqual([]);
  });

  it("holds for another revision with the same model", () => {
    const world = rolledBack();
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle(20_000);
    expect(world.status.candidate?.digest).toBe(digest("a"));
  });

  it("is lifted once by retry, after which old losses count against promotion and no longer for rollback", () => {
    const world = rolledBack();
    const rejected = world.status.lastRun?.revision ?? "";
    world.annotate({ "dpo.dev/retry": rejected });
    world.settle(30_000);
    expect(candidateOf(world)).toBe(rejected);
    expect(world.status).toMatchObject({ phase: "Progressing", gates: [{ verdict: "Undecided", samples: 60 }] });
    world.vote(losses);
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { revision: rejected } });
    world.annotate({});
    world.settle();
    world.annotate({ "dpo.dev/retry": rejected });
    world.settle(30_000);
    world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("Progressing");
    for (let more = 0; more < 4; more++) world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });
});

describe("a write of the route", () => {
  function firstWrite(world: CanaryWorld) {
    for (let passes = 0; passes < 20; passes++) {
      const { effect, waitMs = 0 } = world.pass();
      if (effect?.type === "WriteRoute") return effect;
      world.clock.pause(waitMs);
    }
    throw new Error("the route was not written");
  }

  function metadataOf({ write }: { readonly write: RouteWrite }) {
    if (write.type !== "Apply") throw new Error("the route is the operator's own");
    return write.object.metadata;
  }

  it("makes the route when there is none, and only then", () => {
    const world = new CanaryWorld();
    world.workload();
    world.pass();
    for (let passes = 0; passes < 5; passes++) world.pass();
    world.cluster.readyAll();
    expect(metadataOf(firstWrite(world))).not.toHaveProperty("uid");
  });

  it("that raises a candidate carries the version it was decided on", () => {
    const world = started();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(1_500);
    const { uid = "", resourceVersion = "" } = world.route?.metadata ?? {};
    expect(metadataOf(firstWrite(world))).toMatchObject({ uid, resourceVersion });
  });

  it("that rolls back carries none, so that nothing holds it up, and never makes a route", () => {
    const world = running();
    world.vote(losses);
    for (const left of [1, 0]) {
      const effect = firstWrite(world);
      expect(metadataOf(effect).uid).toBe(world.route?.metadata.uid);
      expect(metadataOf(effect)).not.toHaveProperty("resourceVersion");
      expect(effect.intent.slots.map(({ weight }) => weight)).toContain(left);
      // One request in a million is left to the second write: what takes them from others goes first.
      expect(effect.isRollback).toBe(left > 0);
    }
  });

  it("that takes a superseded candidate's requests is as urgent, though nobody has rejected it", () => {
    const world = running(canarySpec({ onNewCandidate: "Supersede" }));
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    const effect = firstWrite(world);
    expect(effect.intent).not.toHaveProperty("rejected");
    expect(effect).toMatchObject({ isConditional: false, isRollback: true });
  });
});

describe("what holds a candidate", () => {
  it("is evidence that cannot be read, with one Event each time", () => {
    const world = started();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(9_000);
    world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
    world.settle(60_000);
    expect(world.status).toMatchObject({ step: { name: "first" }, gates: [{ verdict: "NoData" }] });
    expect(world.events.filter(({ reason }) => reason === "HeldForNoData")).toHaveLength(1);
    world.evidence.setAccess({ type: "Readable" });
    world.settle(30_000);
    expect(world.status.step?.name).toBe("half");
  });

  it("is evidence that was not read yet", () => {
    const world = started();
    world.evidence.setAccess({ type: "Unread" });
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(60_000);
    expect(world.status).toMatchObject({ step: { name: "shadow" }, gates: [{ verdict: "Undecided" }] });
  });

  it("is suspend: no new run, no step, no promotion", () => {
    const world = started(canarySpec({ suspend: true }));
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle();
    expect(world.status).toMatchObject({ phase: "Paused" });
    expect(world.status.candidate).toBeUndefined();
    world.edit({ suspend: false });
    world.settle(9_000);
    world.edit({ suspend: true });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Paused", step: { name: "first" }, gates: [{ verdict: "Pass" }] });
  });

  it("is a safety gate that has not passed", () => {
    const world = running(
      canarySpec({
        gates: { winRate: {}, safety: { maxViolationRate: "1%", minChecked: 10 } },
        evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
      }),
    );
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({
      phase: "Progressing",
      gates: [{ verdict: "Pass" }, { verdict: "Undecided" }],
    });
    world.check(Array<boolean>(10).fill(false));
    world.pass();
    expect(world.status.gates?.map(({ verdict }) => verdict)).toEqual(["Pass", "Pass"]);
    world.check([true]);
    world.settle();
    expect(world.status).toMatchObject({
      phase: "Progressing",
      gates: [{ verdict: "Pass" }, { verdict: "Undecided" }],
    });
    world.check(Array<boolean>(200).fill(false));
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });
});

describe("a candidate's Service that somebody deletes", () => {
  it("is taken off the route before it goes, made again, and the run goes on", () => {
    const world = running();
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    const uid = world.cluster.services.get({ namespace: "chat", name: `${CANARY}-${candidate}` })?.metadata.uid;
    world.cluster.remove(world.cluster.services, `${CANARY}-${candidate}`);
    world.pass();
    expect(weights(world)).toEqual({ [stable]: WHOLE - 1, [candidate]: 1 });
    world.settle(30_000);
    expect(world.cluster.services.get({ namespace: "chat", name: `${CANARY}-${candidate}` })?.metadata.uid).not.toBe(
      uid,
    );
    expect(weights(world)).toEqual({ [stable]: 500_000, [candidate]: 500_000 });
    expect(world.faults()).toEqual([]);
  });

  it("does not fail the run, however long ago its pods became ready", () => {
    const world = running();
    world.clock.pause(11 * 60_000);
    world.cluster.remove(world.cluster.services, `${CANARY}-${candidateOf(world)}`);
    world.settle(30_000);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
  });
});
