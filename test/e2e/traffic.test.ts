import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { type Model, NAMES } from "../../hack/demo/objects.ts";
import { makeBaseModel } from "../../hack/demo/prepare.ts";
import { say } from "../../hack/lib/progress.ts";
import { EPOCH_HEADER } from "../../src/api/v1alpha1/metadata.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import { kubeconfigFile } from "../../src/kube/kubeconfig.ts";
import type { KubeObject, Stored } from "../../src/kube/object.ts";
import { deployments } from "../../src/kube/resource.ts";
import { readSlots, readWays } from "../../src/traffic/http-route.ts";
import { namedServices } from "../../src/traffic/http-rules.ts";
import { readVerdicts } from "../../src/traffic/route-kind.ts";
import { epochOf, WHOLE } from "../../src/traffic/slots.ts";
import { routeFaults } from "../builders/route-oracle.ts";
import { recordHistory } from "../integration/operator/history.ts";
import type { Asker, Load } from "./load.ts";
import { startCollector, stopCollector } from "./operator-faults.ts";
import { ended, halfWay, lossless } from "./runs.ts";
import { answered, type Scene, served, setScene, status, trafficCanaryOf, workloadOf } from "./scene.ts";
import { decide } from "./scripted-raters.ts";
import { changesOfArm, SESSION_MS } from "./sessions.ts";

/**
 * 200 requests a second through the route that the operator moves. Candidates are other builds of one model: it is
 * traffic that is tested here, so a script does the raters' work.
 */

const MINUTE = 60_000;
/** How long something stays broken under load. */
const OUTAGE_MS = 6_000;

const SHADOW_MS = 4_000;

const STEPS = [
  { name: "shadow", weight: 0, minDuration: `${SHADOW_MS}ms` },
  { name: "tenth", weight: 10, minDuration: "2s" },
  { name: "half", weight: 50, minDuration: "2s" },
];

let scene: Scene;
let base: Model;

beforeAll(async () => {
  scene = await setScene(inject("cluster"), inject("images"), "traffic");
  base = await makeBaseModel(scene.cluster, scene.workspace, scene.images.trainer, 1);
  await scene.workspace.apply(workloadOf(scene, base, "first"), trafficCanaryOf(scene, STEPS));
  await served(scene);
});

afterAll(async () => {
  await scene?.close();
});

function loaded(work: () => Promise<unknown>): Promise<Load> {
  return lossless(scene, work);
}

/** What a user gets says which weights it was served by: the ones that stand. */
async function answersShowTheRoute(): Promise<void> {
  const { status: code, headers } = await scene.assistant.send("GET", "/v1/models");
  const [route] = scene.routes.current();
  const slots = route && readSlots(route, NAMES.canary);
  const ways = route ? readWays(route, NAMES.canary).filter((each) => each !== undefined) : [];
  expect(code).toBe(200);
  expect(headers[EPOCH_HEADER]).toBe(slots && epochOf(slots, ways));
}

function run(...args: string[]): Promise<string> {
  return kubectl(scene.cluster, [...args, "--namespace", scene.namespace]);
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 2 * MINUTE;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen in two minutes`);
    await sleep(500);
  }
}

/** Deletes a Service that the route names, and waits for the operator to have made it again. */
async function deleteService(name: string): Promise<void> {
  const uid = () => run("get", "service", name, "--ignore-not-found", "--output=jsonpath={.metadata.uid}");
  const before = await uid();
  await run("delete", "service", name, "--wait=false");
  await until(`another Service ${name}`, async () => ![before, ""].includes(await uid()));
}

test("behind an HTTPS listener alone a weight is live once answers through it say so", {
  timeout: 10 * MINUTE,
}, async () => {
  await scene.workspace.apply(trafficCanaryOf(scene, STEPS, "https"));
  const { candidate } = await halfWay(scene, base, "over TLS");
  const { status: code } = await scene.assistant.send("GET", "/v1/models");
  expect(code).toBe(404);
  await decide(scene, "Candidate");
  await ended(scene, candidate, "Promoted");
  await scene.workspace.apply(trafficCanaryOf(scene, STEPS));
  await answered(scene);
});

describe("200 requests a second lose nothing", () => {
  test("over a promotion, on the way to which the candidate gets as many pods as its weight needs", {
    timeout: 10 * MINUTE,
  }, async () => {
    const canary = trafficCanaryOf(scene, STEPS);
    await scene.workspace.apply({ ...canary, spec: { ...canary.spec, replicas: 2 } });
    await status(scene, MINUTE, ({ phase, replicas }) =>
      phase === "Promoted" && replicas === 2 ? replicas : undefined,
    );
    const arms = await recordHistory(await kubeconfigFile(scene.cluster.kubeconfig), deployments, scene.namespace);
    let [stable, candidate] = ["", ""];
    const load = await loaded(async () => {
      ({ stable, candidate } = await halfWay(scene, base, "promoted"));
      await answersShowTheRoute();
      await decide(scene, "Candidate");
      await ended(scene, candidate, "Promoted");
    });
    expect(new Set(load.answers.map(({ arm }) => arm))).toEqual(new Set([stable, candidate]));
    const [[forUsers], [forTesters]] = [answersOf(load, candidate, "User"), answersOf(load, candidate, "Tester")];
    const lead = forUsers - forTesters;
    say(`  testers reached the candidate ${lead} ms before the first user did`);
    expect(lead).toBeGreaterThan(SHADOW_MS / 2);
    expect(new Set(changesOfArm(load.answers))).toEqual(new Set([`${stable} → ${candidate}`]));
    await arms.stop();
    const ofCandidate = arms.versions.filter(({ metadata }) => metadata.name === `${NAMES.canary}-${candidate}`);
    expect(new Set(ofCandidate.map(({ spec }) => spec?.replicas))).toEqual(new Set([1, 2]));
    const tenth = firstVersion(scene.routes.versions, (route) => weightOf(candidate, [route]) === WHOLE / 10);
    const both = firstVersion(ofCandidate, ({ status: now }) => now?.availableReplicas === 2);
    const half = firstVersion(scene.routes.versions, (route) => weightOf(candidate, [route]) === WHOLE / 2);
    expect([tenth < both, both < half]).toEqual([true, true]);
    await scene.workspace.apply(canary);
  });

  test("over a rollback", { timeout: 10 * MINUTE }, async () => {
    let [stable, candidate] = ["", ""];
    const load = await loaded(async () => {
      ({ stable, candidate } = await halfWay(scene, base, "rolled-back"));
      // Until half of all sessions are the candidate's.
      await sleep(SESSION_MS);
      await decide(scene, "Stable");
      await ended(scene, candidate, "RolledBack");
    });
    const rejectedAt = scene.observer.rejectedAt(candidate) ?? Number.NaN;
    for (const asker of ["User", "Tester", "Session"] as const) {
      const [, last] = answersOf(load, candidate, asker);
      say(`  last request of a ${asker} that the candidate answered: ${last - rejectedAt} ms after it was rejected`);
      expect(last - rejectedAt).toBeLessThan(2_000);
    }
    expect(new Set(changesOfArm(load.answers))).toEqual(new Set([`${candidate} → ${stable}`]));
  });

  test("43 over a candidate that answers 500 to every prompt, which is taken back before a user has one", {
    timeout: 10 * MINUTE,
  }, async () => {
    const canary = trafficCanaryOf(scene, [{ name: "shadow", weight: 0, minDuration: "10m" }]);
    const evidence = { comparisons: { percent: 100, dataset: { name: NAMES.dataset } } };
    const load = await loaded(async () => {
      await scene.workspace.apply(brokenWorkload(), { ...canary, spec: { ...canary.spec, evidence } });
      const { revision } = await status(scene, MINUTE, ({ candidate, step }) => step && candidate);
      const over = new AbortController();
      const rollback = ended(scene, revision, "RolledBack").finally(() => over.abort());
      // The sampler has yet to be told of the candidate.
      for (let number = 0; !over.signal.aborted; number += 1) await answersPrompt(number);
      await rollback;
      const { lastRun } = await status(scene, MINUTE, (now) => now);
      expect(lastRun?.message).toMatch(/^winRate: 0% of \d+ comparisons preferred the candidate/);
    });
    await scene.workspace.apply(trafficCanaryOf(scene, STEPS));
    // Testers have asked for it.
    const users = load.answers.filter(({ asker }) => asker !== "Tester");
    expect(new Set(users.map(({ arm }) => arm)).size).toBe(1);
  });

  test("over a second candidate, the sampler scaled to 0 and its Service deleted", {
    timeout: 10 * MINUTE,
  }, async () => {
    await loaded(async () => {
      await halfWay(scene, base, "second");
      const before = scene.routes.versions.length;
      await run("scale", "deployment", `${NAMES.canary}-sampler`, "--replicas=0");
      await sleep(OUTAGE_MS);
      await run("rollout", "status", "deployment", `${NAMES.canary}-sampler`, "--timeout=120s");
      await deleteService(`${NAMES.canary}-sampler`);
      await until("the mirror", async () => scene.routes.current().some(mirrors));
      expect(scene.routes.versions.slice(before).filter((route) => !mirrors(route))).not.toEqual([]);
    });
  });

  test("when the candidate's Service is deleted", { timeout: 10 * MINUTE }, async () => {
    await loaded(async () => {
      const before = scene.routes.versions.length;
      const candidate = await status(scene, MINUTE, (now) => now.candidate?.revision);
      const service = `${NAMES.canary}-${candidate}`;
      await deleteService(service);
      await until("half of the traffic again", async () => weightOf(candidate) === WHOLE / 2);
      const names = scene.routes.versions.slice(before).map((route) => namedServices(route).has(service));
      expect(names).toContain(false);
    });
  });

  test("while the collector is away, and nothing is decided meanwhile", { timeout: 10 * MINUTE }, async () => {
    await loaded(async () => {
      await stopCollector(scene.cluster);
      try {
        await status(scene, MINUTE, ({ gates }) => gates?.find(({ verdict }) => verdict === "NoData"));
        await sleep(OUTAGE_MS);
        const now = await status(scene, MINUTE, (current) => current);
        expect(now).toMatchObject({ phase: "Progressing", weights: { desired: 50 } });
      } finally {
        await startCollector(scene.cluster);
      }
    });
  });

  test("when the canary is deleted: stable goes on serving", { timeout: 10 * MINUTE }, async () => {
    const stable = await status(scene, MINUTE, (now) => now.stable?.revision);
    const load = await loaded(async () => {
      await run("delete", "preferencecanary", NAMES.canary, "--timeout=120s");
      await sleep(OUTAGE_MS);
    });
    expect(load.answers.at(-1)?.arm).toBe(stable);
    expect(weightOf(stable)).toBe(WHOLE);
    expect(scene.routes.current().some(mirrors)).toBe(false);
    const arms = await run("get", "deployments", `--selector=dpo.dev/canary=${NAMES.canary}`, "--output=name");
    expect(arms.trim()).toBe(`deployment.apps/${NAMES.canary}-${stable}`);
  });

  test("and no version of the route crossed zero", () => {
    expect(routeFaults(scene.routes.versions, NAMES.canary)).toEqual([]);
    const verdicts = scene.routes.versions.map((route) => readVerdicts(route).rejected?.revision);
    expect(new Set(verdicts).size).toBe(3);
  });
});

/** Ready, and good for nothing. */
function brokenWorkload() {
  const { spec, ...workload } = workloadOf(scene, base, "broken");
  const script = `require("node:http").createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(request.method === "POST" ? 500 : 200).end("{}"));
  }).listen(8080)`;
  const containers = spec.template.spec.containers.map(({ args: _args, ...container }) => {
    return { ...container, command: ["node", "-e", script] };
  });
  const template = { ...spec.template, spec: { ...spec.template.spec, containers } };
  return { ...workload, spec: { ...spec, template } };
}

async function answersPrompt(number: number): Promise<void> {
  const messages = [{ role: "user", content: `prompt ${number}` }];
  const { status: code } = await scene.assistant.send("POST", "/v1/chat/completions", { model: "assistant", messages });
  expect(code).toBe(200);
  await sleep(200);
}

/** The number of the first version of which `condition` holds: the later of two writes has the larger one. */
function firstVersion<T extends KubeObject>(versions: readonly Stored<T>[], condition: (object: T) => boolean): bigint {
  const found = versions.find(condition);
  if (found === undefined) throw new Error(`none of ${versions.length} versions is so`);
  return BigInt(found.metadata.resourceVersion);
}

/** When the first and the last of its answers to them were asked for, in milliseconds since the epoch. */
function answersOf({ answers }: Load, revision: string, of: Asker): readonly [first: number, last: number] {
  const times = answers.filter(({ arm, asker }) => arm === revision && asker === of).map(({ startedAt }) => startedAt);
  return [Math.min(...times), Math.max(...times)];
}

function weightOf(revision: string, [route]: readonly HTTPRoute[] = scene.routes.current()): number {
  const slots = (route && readSlots(route, NAMES.canary)) ?? [];
  return Math.max(0, ...slots.filter((slot) => slot.revision === revision).map(({ weight }) => weight));
}

function mirrors({ spec }: HTTPRoute): boolean {
  return (spec.rules?.[0]?.filters ?? []).some(({ type }) => type === "RequestMirror");
}
