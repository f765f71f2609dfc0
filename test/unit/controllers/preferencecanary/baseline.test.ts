import { describe, expect, it } from "vitest";
import { ArchiveRequest } from "../../../../src/api/contracts/run-archive.ts";
import { SamplerConfig } from "../../../../src/api/contracts/sampler.ts";
import { canaryObject, canarySpec, digest, modelUri, podTemplate } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { armOf, candidateOf, even, HOUR, idle, losses, ready, serving, stableOf, wins } from "./scenario.ts";
import { CANDIDATES, contender, revisionOf } from "./selecting.ts";

const RIVAL = { service: "rival", port: 8000 };

function evidence(baseline: object | null = RIVAL) {
  return { comparisons: { dataset: { name: "support" }, ...(baseline && { baseline }) } };
}

/** The Service that candidates are compared with. */
function serve(world: CanaryWorld, service = "rival", port = 8000, clusterIP = "10.0.0.9"): void {
  world.cluster.put(world.cluster.services, { metadata: { name: service }, spec: { clusterIP, ports: [{ port }] } });
}

/** A candidate that has come as far as time alone brings it, where the baseline answers. */
function compared(changes: Readonly<Record<string, unknown>> = {}, isServed = true): CanaryWorld {
  const spec = canarySpec({ onNoData: { after: "480h" }, evidence: evidence(), ...changes });
  const world = new CanaryWorld(spec);
  world.workload();
  if (isServed) serve(world);
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

function setBaseline(world: CanaryWorld, baseline: object | null): void {
  world.edit({ evidence: canaryObject(canarySpec({ evidence: evidence(baseline) })).spec.evidence });
}

function winRate(world: CanaryWorld) {
  return world.status.gates?.find(({ name }) => name === "winRate");
}

function sampled(world: CanaryWorld): SamplerConfig {
  const config = armOf(world, "sampler")?.spec?.template.spec?.containers[0]?.env?.[0]?.value ?? "{}";
  return SamplerConfig.parse(JSON.parse(config));
}

/** What the collector is asked to archive, while it is away. */
function archiveRequest(world: CanaryWorld): ArchiveRequest {
  return ArchiveRequest.parse(JSON.parse(world.status.archiving?.[0]?.request ?? "{}"));
}

describe("a candidate that is compared with a baseline", () => {
  it("is judged by comparisons with that, and by none with stable", () => {
    const world = compared();
    const pair = { candidate: candidateOf(world), stable: stableOf(world) };
    for (const outcome of losses) world.evidence.vote(pair, outcome);
    world.settle();
    expect(winRate(world)).toMatchObject({ verdict: "Undecided", samples: 0, against: "rival:8000" });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", history: [{ gates: [{ against: "rival:8000" }] }] });
  });

  it("is rolled back in words that name the baseline", () => {
    const world = compared();
    world.vote(losses);
    world.settle();
    expect(world.status.lastRun).toMatchObject({ outcome: "RolledBack" });
    expect(world.status.lastRun?.message).toMatch(
      /^winRate: 0% of \d+ comparisons preferred the candidate to rival:8000 /,
    );
  });

  it("is what the sampler asks beside it; without a candidate that asks stable alone", () => {
    const world = compared();
    expect(sampled(world)).toMatchObject({
      candidate: { revision: candidateOf(world) },
      baseline: { revision: `${stableOf(world)}/rival:8000`, url: "http://rival:8000" },
    });
    world.vote(losses);
    world.settle(500_000);
    expect(sampled(world)).not.toHaveProperty("candidate");
    expect(sampled(world)).not.toHaveProperty("baseline");
  });

  it("is asked to beat it also with stable's own model, which alone has to be not worse", () => {
    const halves = Array.from({ length: 6 }, () => even).flat();
    const redeployed = (baseline: object | null) => {
      const world = idle({ evidence: evidence(baseline) });
      serve(world);
      world.workload(podTemplate(modelUri("a"), "server:2"));
      world.settle(30_000);
      world.vote(halves);
      return world.facts().gates[0];
    };
    expect(redeployed(null)?.evidence?.rollback).toMatch(/^-/);
    expect(redeployed(RIVAL)?.evidence?.rollback).not.toMatch(/^-/);
  });

  it("that beats it is not compared with what it replaces while it is watched, and still goes back to that", () => {
    const world = compared({ afterPromotion: { watch: "1h" } });
    const first = stableOf(world);
    world.vote(wins);
    world.settle(30_000);
    expect(world.status).toMatchObject({ phase: "Promoting", step: { name: "watch" } });
    expect(sampled(world).baseline?.url).toBe("http://rival:8000");
    world.vote(losses);
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    expect(serving(world)).toEqual({ [first]: 1_000_000 });
  });

  it("may be a model of KServe's, whose Service nothing else is asked of", () => {
    const predictor = { model: { modelFormat: { name: "huggingface" }, storageUri: modelUri("a") } };
    const world = compared({ serving: { inferenceService: { predictor } } });
    expect(sampled(world).baseline?.url).toBe("http://rival:8000");
    world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });

  it("may be one of Services that somebody else runs", () => {
    const world = new CanaryWorld(
      canarySpec({
        model: {},
        evidence: evidence(),
        serving: {
          external: {
            stable: { service: "blue", digest: digest("a") },
            candidate: { service: "green", digest: digest("b") },
          },
        },
      }),
    );
    serve(world);
    for (const service of ["blue", "green"])
      world.cluster.put(world.cluster.services, {
        metadata: { name: service },
        spec: { selector: { app: service }, ports: [{ port: 80 }] },
      });
    world.settle(30_000);
    expect(sampled(world).baseline?.url).toBe("http://rival:8000");
    world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });
});

describe("a baseline that cannot be asked", () => {
  it("is told in the first step, which is not left before it is there", () => {
    const world = compared({}, false);
    expect(ready(world)).toMatchObject({ reason: "NoData" });
    expect(ready(world)?.message).toContain(
      "there is no Service rival in this namespace: make it, or name another one in evidence.comparisons.baseline",
    );
    expect(winRate(world)?.verdict).toBe("NoData");
    world.later(HOUR);
    expect(world.status).toMatchObject({ step: { name: "shadow" }, weights: { desired: 0 } });
    serve(world);
    world.settle(30_000);
    expect(world.status.step?.name).toBe("half");
  });

  it.each([
    ["another port", 80, "10.0.0.9", "Service rival has no port 8000: evidence.comparisons.baseline may name 80"],
    ["no address of its own", 8000, "None", "Service rival has no cluster IP to be asked at"],
  ])("is one with %s", (_what, port, clusterIP, words) => {
    const world = compared({}, false);
    serve(world, "rival", port, clusterIP);
    world.settle();
    expect(ready(world)?.message).toContain(words);
  });

  it("keeps whoever has beaten it from being promoted, until it answers again", () => {
    const world = compared({ steps: [{ name: "half", weight: 50, minDuration: "1h" }] });
    world.vote(wins);
    world.settle();
    expect(winRate(world)?.verdict).toBe("Pass");
    world.probing.setArms({ type: "Denied", words: "its Service (10.0.0.9 port 8000) answers a GET with 503" });
    world.later(2 * HOUR);
    expect(winRate(world)?.message).toContain(
      "(baseline rival:8000: its Service (10.0.0.9 port 8000) answers a GET with 503)",
    );
    expect(ready(world)).toMatchObject({ reason: "NoData" });
    world.probing.setArms({ type: "Confirmed" });
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });

  it("does not keep whoever has lost to it from being rolled back", () => {
    const world = compared();
    world.probing.setArms({ type: "Denied", words: "its Service does not answer" });
    world.vote(losses);
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
  });

  it("does not keep what has lost to it from being taken away whole, also by a process that begins meanwhile", () => {
    for (const answer of [{ type: "Confirmed" }, { type: "Denied", words: "its Service does not answer" }] as const) {
      const world = compared();
      const lost = candidateOf(world);
      world.vote(losses);
      while (world.facts().run.candidate?.state === "Running") world.pass("BeforeStatus");
      world.restart();
      world.probing.setArms(answer);
      world.settle(500_000);
      const { services } = world.cluster;
      expect(services.list().map(({ metadata }) => metadata.name)).not.toContain(`assistant-${lost}`);
      expect(armOf(world, lost)).toBeUndefined();
      expect(world.status.lastRun).toMatchObject({ outcome: "RolledBack" });
    }
  });

  it("holds as well while nobody has heard of it yet, and not where the manager cannot reach it", () => {
    const world = compared({ steps: [{ name: "half", weight: 50, minDuration: "1h" }] });
    world.probing.setArms(undefined);
    world.vote(wins);
    world.later(2 * HOUR);
    expect(ready(world)).toMatchObject({ reason: "ReadingEvidence" });
    world.probing.setArms({ type: "Unanswered", words: "connect ETIMEDOUT" });
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });

  it("is named where no comparison comes", () => {
    const world = compared({ onNoData: { after: "1h" } });
    world.later(2 * HOUR);
    expect(winRate(world)).toMatchObject({ verdict: "NoData" });
    expect(winRate(world)?.message).toContain(
      "nothing new came for 1h; whether baseline rival:8000 answers is counted",
    );
  });

  it("is nobody's problem while there is nobody to compare with it", () => {
    const world = new CanaryWorld(canarySpec({ evidence: evidence() }));
    world.workload();
    world.settle();
    expect(ready(world)?.status).toBe("True");
  });
});

describe("another baseline in the middle of a run", () => {
  it("begins its evidence anew, which is told, and has no part of the old one", () => {
    const world = compared();
    world.vote(even);
    world.settle();
    expect(winRate(world)?.samples).toBe(20);
    serve(world, "other");
    setBaseline(world, { service: "other", port: 8000 });
    world.settle();
    expect(winRate(world)).toMatchObject({ samples: 0, against: "other:8000" });
    expect(winRate(world)?.changedFrom).toContain("against rival:8000");
    expect(winRate(world)).not.toHaveProperty("cursor");
    expect(world.status.conditions).toContainEqual(expect.objectContaining({ type: "GatesChanged", status: "True" }));
    world.vote(wins);
    world.settle();
    expect(winRate(world)).toMatchObject({ verdict: "Pass", samples: 60 });
  });

  it("that is taken back has what was gathered against it; none at all is stable", () => {
    const world = compared();
    world.vote(even);
    world.settle();
    setBaseline(world, null);
    world.settle();
    expect(winRate(world)).toMatchObject({ samples: 0 });
    expect(winRate(world)).not.toHaveProperty("against");
    setBaseline(world, RIVAL);
    world.settle();
    expect(winRate(world)).toMatchObject({ samples: 20, against: "rival:8000" });
  });

  it("can fail a model in its watch by its very first comparisons", () => {
    const world = compared({ afterPromotion: { watch: "240h" } });
    world.vote(wins);
    world.settle(30_000);
    expect(winRate(world)?.rollbackFrom?.samples).toBe(60);
    serve(world, "other");
    setBaseline(world, { service: "other", port: 8000 });
    world.settle();
    world.vote(losses.slice(0, 30));
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
  });

  it("leaves the archive of the last run as it was, whenever it is written", () => {
    const world = compared();
    world.archiveProblem = "down";
    world.vote(losses);
    world.settle();
    setBaseline(world, { service: "other", port: 1 });
    world.settle();
    const { stable, comparedWith, run } = archiveRequest(world);
    expect(comparedWith).toBe(`${stable}/rival:8000`);
    expect(run).toMatchObject({
      spec: { evidence: { comparisons: { baseline: RIVAL } } },
      gates: [{ against: "rival:8000", verdict: "Fail" }],
    });
  });
});

describe("a selection with a baseline", () => {
  const several = { model: { candidates: CANDIDATES }, selection: {} };

  it("chooses by what each has won against it", () => {
    const world = compared({ ...several, steps: [{ name: "half", weight: 50 }] });
    expect(sampled(world)).toMatchObject({
      selection: { contenders: CANDIDATES.map(({ name }) => ({ revision: revisionOf(world, name) })) },
      baseline: { revision: `${stableOf(world)}/rival:8000` },
    });
    expect(ready(world)?.message).toContain(`by comparisons with baseline rival:8000, while ${stableOf(world)} serves`);
    expect(world.events.map(({ note }) => note).join()).toContain(
      "by comparisons with baseline rival:8000, and no user",
    );
    world.voteFor("green", wins);
    world.settle(0);
    expect(world.status.history ?? []).not.toContainEqual(expect.objectContaining({ outcome: "RolledBack" }));
    expect(world.status.candidate?.digest ?? world.status.stable?.digest).toBe(digest("c"));
  });

  it("chooses nobody while it cannot be asked", () => {
    const world = compared(several, false);
    world.voteFor("green", wins);
    world.settle();
    expect(ready(world)).toMatchObject({ reason: "NoData" });
    expect(contender(world, "green")?.gates[0]?.message).toContain("there is no Service rival in this namespace");
  });
});
