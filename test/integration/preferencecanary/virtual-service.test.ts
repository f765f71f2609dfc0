import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { preferenceCanaries } from "../../../src/controllers/resources.ts";
import type { VirtualService, VirtualServiceRule } from "../../../src/kube/istio.ts";
import { events, services, virtualServices } from "../../../src/kube/resource.ts";
import { ALMOST_WHOLE, WHOLE } from "../../../src/traffic/slots.ts";
import { readVirtualSlots } from "../../../src/traffic/virtual-service.ts";
import { CANARY } from "../../builders/canary.ts";
import type { History } from "../operator/history.ts";
import type { CanaryStage, StageOptions } from "./canary-stage.ts";
import { type Death, deathsAt, eachDeath, startToDie } from "./dying-process.ts";
import { installDefinition } from "./gateway-api.ts";
import { expectToWaitFor, MISSING_TIMEOUT_MS } from "./missing-kind.ts";
import { judge } from "./raters.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const definition = parse(readFileSync(join(import.meta.dirname, "istio/virtual-service-crd.yaml"), "utf8"));
const ISTIO = { hosts: ["assistant.example.com"], gateways: ["istio-system/public"] };

const setStage = useCanaryStages();
interface Scene {
  readonly canary: CanaryStage;
  readonly history: History<VirtualService>;
}

async function set(options?: StageOptions): Promise<Scene> {
  const canary = await setStage(options);
  await installDefinition(canary.stage.client, definition, virtualServices);
  const history = await canary.stage.history(virtualServices);
  await canary.applyWorkload();
  return { canary, history };
}

function createCanary({ canary }: Scene, changes: object = {}, rest: object = {}): Promise<void> {
  return canary.createCanary({ traffic: { istio: { virtualService: { ...ISTIO, ...changes } } }, ...rest });
}

function current({ history }: Scene): VirtualService | undefined {
  return history.versions.at(-1);
}

function slots(scene: Scene): string[] {
  const object = current(scene);
  const read = object && readVirtualSlots(object, CANARY);
  return (read ?? []).map(({ revision, weight }) => `${revision} ${weight}`).toSorted();
}

/** Everybody's rule is the last one. */
function rule(scene: Scene): VirtualServiceRule | undefined {
  return current(scene)?.spec.http?.at(-1);
}

async function halfWay({ canary }: Scene): Promise<{ stable: string; candidate: string }> {
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  const { status } = await canary.until(
    "half way",
    (now) => now.status?.weights?.desired === 50 && now.status.weights.since !== undefined,
  );
  return { stable: status?.stable?.revision ?? "", candidate: status?.candidate?.revision ?? "" };
}

describe("a canary of Istio", () => {
  it("moves a VirtualService of its own: it promotes, and is taken away with the canary", async () => {
    const scene = await set();
    const { canary, history } = scene;
    await createCanary(scene);
    await canary.start();
    const { stable, candidate } = await halfWay(scene);
    expect(slots(scene)).toEqual([`${candidate} 500000`, `${stable} 500000`].toSorted());
    expect(current(scene)?.spec).toMatchObject(ISTIO);
    await expect
      .poll(() => rule(scene)?.mirrors)
      .toEqual([{ destination: { host: `${CANARY}-sampler`, port: { number: 8080 } }, percentage: { value: 5 } }]);
    const arms = (rule(scene)?.route ?? []).map(({ headers }) => headers?.response?.set?.["x-dpo-arm"]);
    expect(arms.toSorted()).toEqual([candidate, stable].toSorted());

    await canary.compare(1, 60);
    await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    expect(slots(scene)).toEqual([`${candidate} 0`, `${candidate} ${WHOLE}`].toSorted());
    const crossings = history.versions.flatMap(
      ({ spec }) => spec.http?.at(-1)?.route?.map(({ weight }) => weight) ?? [],
    );
    expect(crossings).toContain(ALMOST_WHOLE);

    const { client, namespace } = canary.stage;
    await client.patch(
      preferenceCanaries,
      { namespace, name: CANARY },
      { type: "merge", body: { spec: { deletionPolicy: "Delete" } } },
    );
    await client.delete(preferenceCanaries, { namespace, name: CANARY });
    await expect.poll(() => canary.canary(), { timeout: 15_000 }).toBeUndefined();
    expect((await client.list(virtualServices, { namespace })).items).toEqual([]);
  });

  it("sends nobody to a baseline, by which its candidate is judged all the same", async () => {
    const scene = await set();
    const { canary, history } = scene;
    const { client, namespace } = canary.stage;
    const baseline = { service: "rival", port: 8000 };
    await client.apply(services, {
      metadata: { namespace, name: baseline.service },
      spec: { selector: { app: "rival" }, ports: [{ port: baseline.port }] },
    });
    const evidence = { comparisons: { baseline, dataset: { name: "support" } } };
    await createCanary(scene, {}, { evidence });
    await canary.start();
    await halfWay(scene);
    await judge(canary, { count: 60, labeler: "ann", prefers: () => "stable", against: "rival:8000" });
    const { status } = await canary.until("rolled back", (now) => now.status?.phase === "RolledBack");
    expect(status?.history?.[0]?.gates[0]).toMatchObject({ name: "winRate", against: "rival:8000", verdict: "Fail" });
    expect(JSON.stringify(history.versions.map(({ spec }) => spec))).not.toContain("rival");
  });

  it("takes testers and sessions of a rejected candidate back with everybody's requests", async () => {
    const scene = await set();
    const { canary } = scene;
    await createCanary(scene, { testers: {}, sticky: { cookie: {} } });
    await canary.start();
    const { stable, candidate } = await halfWay(scene);
    const [toStable, toCandidate, , session] = current(scene)?.spec.http ?? [];
    expect(toStable?.match).toContainEqual({ headers: { "x-dpo-arm-wanted": { exact: "stable" } } });
    expect(toCandidate?.match).toContainEqual({ headers: { "x-dpo-arm-wanted": { exact: "candidate" } } });
    expect(session?.match).toEqual([
      { headers: { cookie: { regex: expect.stringContaining(`dpo-arm=${candidate}`) } } },
    ]);
    for (const { route } of [toCandidate, session].filter((each) => each !== undefined))
      expect(route?.map(({ weight }) => weight).toSorted()).toEqual([1, ALMOST_WHOLE]);
    expect(rule(scene)?.route?.[0]?.headers?.response?.add?.["set-cookie"]).toMatch(/^dpo-arm=[0-9a-f]{10}; Path=/);

    await canary.compare(0, 60);
    await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    for (const { route = [] } of current(scene)?.spec.http ?? [])
      expect(route.map(({ destination }) => destination.host)).toEqual([`${CANARY}-${stable}`, `${CANARY}-${stable}`]);
  });

  it("writes somebody else's weights back, and tells of them", async () => {
    const scene = await set();
    const { canary } = scene;
    await createCanary(scene);
    await canary.start();
    const { stable, candidate } = await halfWay(scene);
    const { client, namespace } = canary.stage;
    const body = [{ op: "replace", path: "/spec/http/0/route/0/weight", value: 7 }];
    await client.patch(virtualServices, { namespace, name: CANARY }, { type: "json", body });
    await expect
      .poll(() => slots(scene), { timeout: 5_000 })
      .toEqual([`${candidate} 500000`, `${stable} 500000`].toSorted());
    const told = async () => {
      const { items } = await client.list(events, { namespace });
      return items.filter(({ reason }) => reason === "RouteRestored").map(({ note }) => note);
    };
    await expect
      .poll(told, { timeout: 5_000 })
      .toEqual([
        expect.stringMatching(/had changed VirtualService assistant \(assistant-[0-9a-f]{10} at 7, assistant-/),
      ]);
  });
});

describe("the operator dies at a write of its VirtualService and is started again", () => {
  const SHORT = [
    { name: "shadow", weight: 0 },
    { name: "half", weight: 50 },
  ];

  /** A candidate is promoted or rolled back, and all goes with the canary. Resolves to the writes from then on at which it may die. */
  async function live(outcome: 0 | 1, death?: Death): Promise<readonly Death[]> {
    const scene = await set({ isConfined: true });
    const { canary } = scene;
    await createCanary(scene, {}, { steps: SHORT, deletionPolicy: "Delete" });
    const { writes, restarted } = await startToDie(canary, death);
    const { stable, candidate } = await halfWay(scene);
    const common = outcome === 1 ? 0 : writes.length;
    await canary.compare(outcome, 60);
    const [phase, serving] = outcome === 1 ? ["Promoted", candidate] : ["RolledBack", stable];
    await canary.until(phase, ({ status }) => status?.phase === phase);
    expect(slots(scene)).toEqual([`${serving} 0`, `${serving} ${WHOLE}`].toSorted());
    const { client, namespace } = canary.stage;
    await client.delete(preferenceCanaries, { namespace, name: CANARY });
    await expect.poll(() => canary.canary(), { timeout: 30_000 }).toBeUndefined();
    await restarted();
    expect((await client.list(virtualServices, { namespace })).items).toEqual([]);
    await canary.close();
    const isOfRoute = ({ write }: Death) => write.endsWith(` virtualservices/${CANARY}`);
    return deathsAt(writes).slice(common).filter(isOfRoute);
  }

  it.each([
    ["a promotion", 1, 5],
    ["a rollback", 0, 2],
  ] as const)(
    "%s ends as if it had not, whichever write it is",
    { timeout: 10 * 60_000 },
    async (_, outcome, least) => {
      const deaths = await live(outcome);
      expect(deaths.length).toBeGreaterThan(least);
      await eachDeath(deaths, (death) => live(outcome, death));
    },
  );
});

describe("a cluster without Istio", () => {
  it("does not hold the manager up, says what is missing, and serves once it is there", {
    timeout: MISSING_TIMEOUT_MS,
  }, async () => {
    const missing =
      "The API server does not know VirtualService, or does not let the manager list it: install the CRDs of Istio";
    const scene = await set();
    await expectToWaitFor(
      scene.canary,
      definition,
      virtualServices,
      () => createCanary(scene),
      (ready) => {
        expect(ready).toMatchObject({
          reason: "RouteKindNotInstalled",
          message: expect.stringContaining(missing),
        });
      },
    );
  });
});
