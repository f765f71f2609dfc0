import { describe, expect, it } from "vitest";
import type { ArchivedRun } from "../../../../src/api/contracts/archived-run.ts";
import type { HTTPRouteSpec } from "../../../../src/kube/gateway-api.ts";
import type { Finding } from "../../../../src/traffic/inquiries.ts";
import { canarySpec } from "../../../builders/canary.ts";
import { given, stories } from "../../../builders/canary-stories.ts";
import { CanaryWorld, type Crash } from "../../../builders/canary-world.ts";

const wins = Array<1>(60).fill(1);
const losses = Array<0>(60).fill(0);

const crashes: readonly Crash[] = ["BeforeEffect", "BeforeStatus"];

function end(world: CanaryWorld) {
  const { conditions, weights: _since, gates, candidate, ...rest } = world.isGone ? {} : world.status;
  const names = (store: { list(): readonly { metadata: { name: string } }[] }) =>
    store
      .list()
      .map(({ metadata }) => metadata.name)
      .toSorted();
  return {
    ...rest,
    candidate: candidate?.revision,
    lastRun: { ...rest.lastRun, time: undefined, message: undefined, archive: undefined },
    archived: [...world.archived.values()].map(({ outcome, gates: said }) => [outcome, said.map(decided)]),
    history: rest.history?.map(({ revision, outcome }) => [revision, outcome]),
    gates: gates?.map(
      ({
        lastSampleTime: _at,
        since,
        cursor: _read,
        message: _words,
        passedAt: _passed,
        failedAt: _failed,
        ...gate
      }) => ({ ...gate, hasBeginning: since !== undefined }),
    ),
    conditions: conditions?.map(({ type, status, reason }) => [type, status, reason]),
    slots: world.slots?.toSorted((a, b) => b.weight - a.weight),
    routes: world.cluster.routes.list().map(({ metadata, spec }) => [metadata.name, servicesOf(spec)]),
    inferenceServices: names(world.cluster.inferenceServices),
    deployments: world.cluster.deployments
      .list()
      .map(({ metadata, spec }) => [metadata.name, spec?.replicas])
      .toSorted(),
    services: names(world.cluster.services),
    records: world.cluster.records
      .list()
      .map(({ metadata }) => [metadata.name, metadata.annotations?.["dpo.dev/verdict"]])
      .toSorted(),
  };
}

/** Which of them gets how much; the places that they have in a rule are no part of what a canary ends as. */
function servicesOf({ rules = [] }: HTTPRouteSpec) {
  return rules.map(({ backendRefs = [] }) => backendRefs.map(({ name, weight }) => `${name} ${weight}`).toSorted());
}

type Said = ArchivedRun["gates"][number];

/** What a gate had decided, and by how much: at the same record whenever the process died. */
function decided({ name, samples, sum, passedAt, failedAt }: Said) {
  return { name, samples, sum, passedAt, failedAt };
}

describe.each<[string, Finding]>([
  ["that nobody can ask", { type: "Unanswered", words: "Gateway chat/public has no address" }],
  ["that shows its weights", { type: "Confirmed" }],
])("a restart at any moment, behind a gateway %s", (_, answer) => {
  function life(crashAt: Partial<Record<number, Crash>>): [CanaryWorld, number] {
    const world = new CanaryWorld(canarySpec({ replicas: 4 }));
    world.probing.setGateway(answer);
    world.workload();
    let passes = world.settle(60_000, crashAt);
    const then = (ms: number) => {
      const shifted = Object.fromEntries(Object.entries(crashAt).map(([at, crash]) => [Number(at) - passes, crash]));
      passes += world.settle(ms, shifted);
    };
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    then(30_000);
    world.vote(wins);
    then(60_000);
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    then(30_000);
    world.vote(losses);
    then(60_000);
    return [world, passes];
  }

  it.each(crashes)("ends in the same state: %s", { timeout: 120_000 }, (crash) => {
    const [undisturbed, passes] = life({});
    const reference = end(undisturbed);
    expect(reference.archived.map(([outcome]) => outcome)).toEqual(["Promoted", "RolledBack"]);
    expect(reference).toMatchObject({ phase: "RolledBack", lastRun: { outcome: "RolledBack" } });
    for (let at = 0; at < passes; at++) {
      const [world] = life({ [at]: crash });
      const moment = `crash at pass ${at}`;
      expect({ moment, ...end(world) }).toEqual({ moment, ...reference });
      expect(world.faults()).toEqual([]);
    }
  });
});

describe.each(stories.map((story) => [story.event, story] as const))("a restart when %s", (_, story) => {
  function play(crashAt: Partial<Record<number, Crash>>): [CanaryWorld, number] {
    const world = given(story);
    story.happens(world);
    return [world, world.settle(60_000, crashAt)];
  }

  it.each(crashes)("ends in the same state, whichever write it was at: %s", (crash) => {
    const [undisturbed, passes] = play({});
    for (let at = 0; at < passes; at++) {
      const [world] = play({ [at]: crash });
      const moment = `crash at pass ${at}`;
      expect({ moment, ...end(world) }).toEqual({ moment, ...end(undisturbed) });
      expect(world.faults()).toEqual(undisturbed.faults());
    }
  });
});
