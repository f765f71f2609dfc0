import { expect, it } from "vitest";
import { canaryObject, canarySpec, digest } from "../../../builders/canary.ts";
import { CanaryWorld, type Crash } from "../../../builders/canary-world.ts";

const BLUE = { service: "assistant-blue", digest: digest("a") };
const GREEN = { service: "assistant-green", digest: digest("b") };
const crashes: readonly Crash[] = ["BeforeEffect", "BeforeStatus"];

function specOf(external: object) {
  return canarySpec({ model: {}, serving: { external } });
}

/** Green is promoted, and what is behind blue then is rolled back; returns the number of passes. */
function life(crashAt: Partial<Record<number, Crash>> = {}): [CanaryWorld, number] {
  const world = new CanaryWorld(specOf({ stable: BLUE, candidate: GREEN }));
  for (const { service } of [BLUE, GREEN])
    world.cluster.put(world.cluster.services, {
      metadata: { name: service },
      spec: { selector: { app: service }, ports: [{ port: 80 }] },
    });
  let passes = 0;
  const then = (ms: number) => {
    const shifted = Object.fromEntries(Object.entries(crashAt).map(([at, crash]) => [Number(at) - passes, crash]));
    passes += world.settle(ms, shifted);
  };
  then(30_000);
  world.vote(Array<1>(60).fill(1));
  then(60_000);
  const next = { stable: GREEN, candidate: { ...BLUE, digest: digest("c") } };
  world.edit({ serving: canaryObject(specOf(next)).spec.serving });
  then(30_000);
  world.vote(Array<0>(60).fill(0));
  then(60_000);
  return [world, passes];
}

function end({ status, slots, cluster }: CanaryWorld) {
  const services = cluster.services.list().map(({ metadata, spec }) => [metadata.name, spec?.selector]);
  const records = cluster.records
    .list()
    .map(({ metadata }) => [metadata.name, metadata.annotations?.["dpo.dev/verdict"]]);
  return {
    phase: status.phase,
    stable: status.stable?.digest,
    lastRun: [status.lastRun?.outcome, status.lastRun?.digest],
    slots: slots?.toSorted((one, other) => other.weight - one.weight),
    services: services.toSorted(),
    records: records.toSorted(),
  };
}

it.each(crashes)(
  "between Services of somebody else's a restart at any moment ends in the same state: %s",
  (crash) => {
    const [undisturbed, passes] = life();
    expect(end(undisturbed)).toMatchObject({
      phase: "RolledBack",
      stable: digest("b"),
      lastRun: ["RolledBack", digest("c")],
    });
    for (let at = 0; at < passes; at++) {
      const [world] = life({ [at]: crash });
      expect(end(world), `died in pass ${at}`).toEqual(end(undisturbed));
      expect(world.faults(), `died in pass ${at}`).toEqual([]);
    }
  },
  120_000,
);
