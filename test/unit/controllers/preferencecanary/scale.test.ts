import { describe, expect, it } from "vitest";
import { CANARY, canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const wins = Array<1>(60).fill(1);

function inLastStep(changes: Readonly<Record<string, unknown>> = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ replicas: 2, ...changes }));
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

function pods(world: CanaryWorld, revision: string | undefined): number | undefined {
  return world.cluster.deployments.list().find(({ metadata }) => metadata.name === `${CANARY}-${revision}`)?.spec
    ?.replicas;
}

describe("scaling a canary", () => {
  it("scales both arms, starts no run and moves no traffic, also while a run is paused", () => {
    const world = inLastStep();
    const { stable, candidate } = world.status;
    world.annotate({ "dpo.dev/pause": candidate?.revision ?? "" });
    world.settle();
    const writes = world.cluster.routeVersions.length;
    for (const replicas of [8, 4]) {
      world.edit({ replicas });
      world.settle();
      expect([stable, candidate].map((arm) => pods(world, arm?.revision))).toEqual([replicas, replicas]);
      expect(world.status).toMatchObject({ phase: "Paused", replicas, candidate: { revision: candidate?.revision } });
    }
    expect(world.cluster.routeVersions).toHaveLength(writes);
  });

  it("is by the pods of the arm that serves most: stable, and the candidate once it has everything", () => {
    const world = inLastStep({ afterPromotion: { watch: "1h" } });
    const { stable, candidate } = world.status;
    const of = (revision = "") => `dpo.dev/canary=assistant,dpo.dev/revision=${revision}`;
    expect(world.status).toMatchObject({ replicas: 2, selector: of(stable?.revision) });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ step: { name: "watch" }, selector: of(candidate?.revision) });
  });
});
