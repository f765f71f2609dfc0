import { describe, expect, it } from "vitest";
import { CANARY, canarySpec, digest, modelUri, NAMESPACE, podTemplate, WORKLOAD } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

function inline(image = "server:1") {
  return { template: podTemplate(modelUri("a"), image) };
}

function podOf(world: CanaryWorld, revision = "") {
  const deployment = world.cluster.deployments.get({ namespace: NAMESPACE, name: `${CANARY}-${revision}` });
  return deployment?.spec?.template.spec;
}

describe("serving.template", () => {
  it("is what both arms are made from, and a change of it starts a run", () => {
    const world = new CanaryWorld(canarySpec({ serving: inline() }));
    world.settle();
    expect(world.status).toMatchObject({ phase: "Idle", stable: { digest: digest("a") } });
    expect(podOf(world, world.status.stable?.revision)?.containers[0]).toMatchObject({ image: "server:1" });
    const { modelEnv, port } = world.canary.spec.serving;
    world.edit({ serving: { ...inline("server:2"), modelEnv, port } as typeof world.canary.spec.serving });
    world.settle(15_000);
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: { digest: digest("a") } });
    expect(podOf(world, world.status.candidate?.revision)?.containers[0]).toMatchObject({ image: "server:2" });
    expect(world.faults()).toEqual([]);
  });

  it("makes the same revision as a workload with the same template", () => {
    const revisions = [canarySpec(), canarySpec({ serving: inline() })].map((spec) => {
      const world = new CanaryWorld(spec);
      world.workload();
      world.settle();
      return world.status.stable?.revision;
    });
    expect(revisions[0]).toBe(revisions[1]);
  });

  it("needs no workload, and a workload that is gone is missed where it is named alone", () => {
    const world = new CanaryWorld(canarySpec());
    world.settle();
    expect(world.status.conditions?.[0]).toMatchObject({ reason: "WorkloadNotFound" });
    expect(world.status.conditions?.[0]?.message).toContain(WORKLOAD);
  });
});
