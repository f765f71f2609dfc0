import { describe, expect, it } from "vitest";
import { WHOLE } from "../../../../src/traffic/slots.ts";
import { CANARY, NAMESPACE, podTemplate } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const SILENT = { type: "Unanswered", words: "its Service (10.0.0.1 port 8080) does not answer: timed out" } as const;
const FAILING = { type: "Denied", words: "its Service (10.0.0.1 port 8080) answers a GET with 503" } as const;
const CONFIRMED = { type: "Confirmed" } as const;

function idle(template = podTemplate()): CanaryWorld {
  const world = new CanaryWorld();
  world.workload(template);
  world.settle();
  return world;
}

function probed() {
  const template = podTemplate();
  const containers = (template.spec?.containers ?? []).map((container) => {
    return { ...container, readinessProbe: { httpGet: { path: "/", port: 8080 } } };
  });
  return { ...template, spec: { ...template.spec, containers } };
}

function message(world: CanaryWorld): string {
  return world.status.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
}

function hasCandidateInRoute(world: CanaryWorld): boolean {
  return world.slots?.some(({ revision }) => revision === world.status.candidate?.revision) ?? false;
}

describe("an arm whose pods are Ready", () => {
  it("is idle from when it was first seen so, and not from before it was gone", () => {
    const world = idle();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(500);
    const { revision = "" } = world.status.candidate ?? {};
    const idleMs = () => world.facts().observed.arms.get(revision)?.idleMs;
    world.clock.pause(60_000);
    expect(idleMs()).toBeGreaterThanOrEqual(60_000);
    const arm = { namespace: NAMESPACE, name: `${CANARY}-${revision}` };
    const { deployments, services } = world.cluster;
    const [deployment, service] = [deployments.get(arm), services.get(arm)];
    if (deployment === undefined || service === undefined) throw new Error("there is no arm");
    deployments.remove(deployment);
    services.remove(service);
    expect(idleMs()).toBeUndefined();
    deployments.put(deployment);
    services.put(service);
    expect(idleMs()).toBe(0);
  });

  it.each([
    ["answers with errors", FAILING],
    ["cannot be heard, and no kubelet asks it", SILENT],
    ["was not heard of yet", undefined],
  ])("gets no request while it %s", (_, answer) => {
    const world = idle();
    world.probing.setArms(answer);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(60_000);
    expect(hasCandidateInRoute(world)).toBe(false);
    expect(world.status).toMatchObject({ phase: "Progressing" });
    expect(world.status).not.toHaveProperty("step");
    expect(message(world)).toContain(`starting: 1 of 1 pods are ready, but ${answer?.words ?? "not asked yet"}`);
    world.probing.setArms(CONFIRMED);
    world.settle(20_000);
    expect(hasCandidateInRoute(world)).toBe(true);
  });

  it("says the way out where it cannot be heard", () => {
    const world = idle();
    world.probing.setArms(SILENT);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(10_000);
    expect(message(world)).toContain(
      "let the manager reach it (a NetworkPolicy may forbid it), or give the container a readinessProbe",
    );
  });

  it("gets requests although it cannot be heard, where the kubelet asks its container", () => {
    const world = idle(probed());
    world.probing.setArms(SILENT);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(20_000);
    expect(hasCandidateInRoute(world)).toBe(true);
    const failing = idle(probed());
    failing.probing.setArms(FAILING);
    failing.job("train-1", "b", "2026-01-02T00:00:00Z");
    failing.settle(20_000);
    expect(hasCandidateInRoute(failing)).toBe(false);
  });

  it("fails its run when it has not answered for 10 minutes, and a restart counts anew", () => {
    const world = idle();
    world.probing.setArms(FAILING);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(0);
    world.clock.pause(9 * 60_000);
    world.restart();
    world.settle(0);
    world.clock.pause(9 * 60_000);
    world.settle(0);
    expect(world.status.phase).toBe("Progressing");
    world.settle(2 * 60_000);
    expect(world.status).toMatchObject({ phase: "Stalled", lastRun: { outcome: "Failed" } });
    expect(world.status.lastRun?.message).toContain(FAILING.words);
  });

  it("makes no route for a first revision that does not answer", () => {
    const world = new CanaryWorld();
    world.probing.setArms(FAILING);
    world.workload();
    world.settle(60_000);
    expect(world.route).toBeUndefined();
    expect(message(world)).toMatch(
      /Waiting for the first revision [0-9a-f]{10}: 1 of 1 pods are ready, but its Service/,
    );
    world.probing.setArms(CONFIRMED);
    world.settle();
    expect(world.status.phase).toBe("Idle");
  });

  it("is not asked again once it serves: a candidate stays when status is lost and nothing is heard", () => {
    const world = idle();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    expect(world.slots?.map(({ weight }) => weight)).toEqual([WHOLE / 2, WHOLE / 2]);
    world.probing.setArms(undefined);
    world.loseStatus();
    world.restart();
    world.settle(30_000);
    expect(world.slots?.map(({ weight }) => weight)).toEqual([WHOLE / 2, WHOLE / 2]);
    expect(world.cluster.routeVersions.at(-1)?.metadata.name).toBe(CANARY);
  });
});

describe("pods that Pod Security or a quota refuses", () => {
  const words = 'pods "assistant-b41a-" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1';

  /** As the Deployment's controller says it, which makes no pod then. */
  function refuse(world: CanaryWorld, name: string): void {
    const deployment = world.cluster.deployments.get({ namespace: NAMESPACE, name });
    if (deployment === undefined) throw new Error(`no Deployment ${name}`);
    const lastTransitionTime = world.clock.now().toISOString();
    const condition = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: words };
    const status = { ...deployment.status, conditions: [{ ...condition, lastTransitionTime }] };
    world.cluster.put(world.cluster.deployments, { ...deployment, status });
  }

  it("are told at once, and after 10 minutes the run ends with what was said of them", () => {
    const world = idle();
    world.autoReady = false;
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(0);
    const { candidate } = world.status;
    refuse(world, `${CANARY}-${candidate?.revision}`);
    world.settle(1_000);
    expect(message(world)).toContain(
      `starting: 0 of 1 pods are ready, and the API server does not take another: ${words}`,
    );
    world.later(11 * 60_000);
    expect(world.status.lastRun).toMatchObject({
      outcome: "Failed",
      message: `0 of 1 pods of the candidate can serve: for 10m the API server has not taken another: ${words}`,
    });
  });

  it("are told of stable, of a candidate on its way and of the sampler too", () => {
    const world = idle();
    const stable = `${CANARY}-${world.status.stable?.revision}`;
    world.autoReady = false;
    world.cluster.setReady(stable, 0);
    refuse(world, stable);
    world.settle(1_000);
    expect(message(world)).toContain(`but 0 of 1 pods are ready, and the API server does not take another: ${words}`);
    world.cluster.setReady(stable);
    world.autoReady = true;
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    world.autoReady = false;
    for (const name of [`${CANARY}-${world.status.candidate?.revision}`, world.samplerName]) {
      world.cluster.setReady(name, 0);
      refuse(world, name);
    }
    world.settle(1_000);
    expect(message(world)).toMatch(
      /entering step half .*, but 0 of 1 pods are ready, and the API server does not take another: pods/,
    );
    expect(message(world)).toContain(`so nothing is compared: the API server does not take it: ${words}`);
  });
});
