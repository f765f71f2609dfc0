import { describe, expect, it } from "vitest";
import { preferenceCanaries } from "../../../src/controllers/resources.ts";
import type { HTTPRouteSpec } from "../../../src/kube/gateway-api.ts";
import { events, httpRoutes } from "../../../src/kube/resource.ts";
import { CANARY } from "../../builders/canary.ts";
import { ADOPT, adoptedRoute, marksOf, ROUTE } from "./adopted-stage.ts";
import type { CanaryStage, StageOptions } from "./canary-stage.ts";
import { type Death, deathsAt, eachDeath, startToDie } from "./dying-process.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const setStage = useCanaryStages();

interface Scene {
  readonly canary: CanaryStage;
  readonly route: ReturnType<typeof adoptedRoute>;
  /** What Git says of it. */
  readonly gits: HTTPRouteSpec;
}

async function set(options?: StageOptions): Promise<Scene> {
  const canary = await setStage(options);
  const route = adoptedRoute(canary);
  const { spec } = await route.sync();
  await canary.applyWorkload();
  await canary.createCanary({
    ...ADOPT,
    steps: [
      { name: "shadow", weight: 0 },
      { name: "half", weight: 50 },
    ],
  });
  return { canary, route, gits: spec };
}

const isHalf = ({ status }: { status?: { weights?: { desired: number; since?: string } } }) =>
  status?.weights?.desired === 50 && status.weights.since !== undefined;

async function halfWay({ canary }: Scene): Promise<{ stable: string; candidate: string }> {
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("next", "b");
  const { status } = await canary.until("half way", isHalf);
  return { stable: status?.stable?.revision ?? "", candidate: status?.candidate?.revision ?? "" };
}

async function deleteCanary({ canary, route }: Scene): Promise<void> {
  await canary.stage.client.delete(preferenceCanaries, { ...route.key, name: CANARY });
}

async function notes({ canary }: Scene, reason: string): Promise<(string | undefined)[]> {
  const { items } = await canary.stage.client.list(events, { namespace: canary.stage.namespace });
  return items.filter((event) => event.reason === reason).map(({ note }) => note);
}

/** It says what Git says, and nothing that it was ever adopted. */
async function expectGits({ route, gits }: Scene): Promise<void> {
  const live = await route.live();
  expect(live?.spec).toEqual(gits);
  expect(marksOf(live)).toEqual([]);
  expect(live?.metadata.annotations).toMatchObject({ "example.com/team": "search" });
  const { managedFields = [] } = (live?.metadata ?? {}) as { managedFields?: { manager: string }[] };
  expect(managedFields.map(({ manager }) => manager)).not.toContain("dpo-preferencecanary");
}

describe("a route that Git owns", () => {
  it("is taken over from Git's Service, promotes, rolls back, and is Git's again at the end", async () => {
    const scene = await set();
    const { canary, route } = scene;
    await canary.start();
    const { candidate } = await halfWay(scene);
    expect(route.slots()?.map(({ weight }) => weight)).toEqual([500_000, 500_000]);
    await canary.compare(1, 60);
    await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    expect(route.slots()?.map(({ revision }) => revision)).toEqual([candidate, candidate]);

    await canary.createJob("worse", "c");
    await canary.until("half way", isHalf);
    await canary.compare(0, 60);
    const back = await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(back.status?.stable?.revision).toBe(candidate);
    expect(route.slots()?.map(({ revision }) => revision)).toEqual([candidate, candidate]);

    await deleteCanary(scene);
    await expect.poll(() => canary.canary(), { timeout: 20_000 }).toBeUndefined();
    await expectGits(scene);
    expect(await notes(scene, "RouteHeld")).toEqual([]);
    expect(route.faults()).toEqual([]);
  });

  it("is written back when Git's backends are put in again in mid-run, and that is told", async () => {
    const scene = await set();
    const { canary, route } = scene;
    await canary.start();
    const { stable, candidate } = await halfWay(scene);
    await route.sync();
    await expect
      .poll(
        () =>
          route
            .slots()
            ?.map(({ revision, weight }) => `${revision} ${weight}`)
            .toSorted(),
        { timeout: 15_000 },
      )
      .toEqual([`${candidate} 500000`, `${stable} 500000`].toSorted());
    await expect
      .poll(() => notes(scene, "RouteRestored"), { timeout: 5_000 })
      .toEqual([expect.stringContaining("chat at 1")]);
  });

  it("is left as it is by a write that was decided on before somebody else's", async () => {
    const scene = await set();
    const { canary, route } = scene;
    let meddled = 0;
    await canary.start(async (request, send) => {
      const raises = request.path.endsWith(`/httproutes/${ROUTE}`) && JSON.stringify(request.body).includes("500000");
      if (raises && meddled++ === 0) {
        const body = [{ op: "add", path: "/spec/rules/0/timeouts", value: { request: "7s" } }];
        await canary.stage.client.patch(httpRoutes, route.key, { type: "json", body });
      }
      return send();
    });
    await halfWay(scene);
    expect(meddled).toBeGreaterThan(1);
    expect((await route.live())?.spec.rules?.[0]?.timeouts).toEqual({ request: "7s" });
  });

  it("takes a rejected candidate out of its rule, wherever Git has moved that meanwhile", async () => {
    const scene = await set();
    const { canary, route, gits } = scene;
    let moved = 0;
    await canary.start(async (request, send) => {
      const rejects =
        request.path.endsWith(`/httproutes/${ROUTE}`) && JSON.stringify(request.body).includes("rejected");
      if (rejects && moved++ === 0) {
        const body = [{ op: "move", from: "/spec/rules/1", path: "/spec/rules/0" }];
        await canary.stage.client.patch(httpRoutes, route.key, { type: "json", body });
      }
      return send();
    });
    await halfWay(scene);
    await canary.compare(0, 60);
    await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(moved).toBeGreaterThan(1);
    const { rules = [] } = (await route.live())?.spec ?? {};
    expect(rules.map(({ name }) => name)).toEqual(["chat", "docs"]);
    expect(rules[1]?.backendRefs).toEqual(gits.rules?.[0]?.backendRefs);
    expect(
      route
        .slots()
        ?.map(({ weight }) => weight)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1_000_000]);
  });

  it("that has no such rule is left alone, and status says what to do", async () => {
    const scene = await set();
    const { canary, route } = scene;
    const body = [{ op: "replace", path: "/spec/rules/1/name", value: "other" }];
    await canary.stage.client.patch(httpRoutes, route.key, { type: "json", body });
    await canary.start();
    const { status } = await canary.until("stalled", (now) => now.status?.phase === "Stalled");
    expect(status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      reason: "RouteNotAdoptable",
      message: expect.stringContaining(
        "it has no rule named chat: give the rule that name, or create the canary anew with another adopt.rule",
      ),
    });
    expect(marksOf(await route.live())).toEqual([]);
  });
});

describe("the operator dies at a write of an adopted route and is started again", () => {
  async function live(death?: Death): Promise<readonly Death[]> {
    const scene = await set({ isConfined: true });
    const { canary, route } = scene;
    const { writes, restarted } = await startToDie(canary, death);
    await halfWay(scene);
    await canary.compare(1, 60);
    await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    await deleteCanary(scene);
    await expect.poll(() => canary.canary(), { timeout: 30_000 }).toBeUndefined();
    await restarted();
    await expectGits(scene);
    expect(route.faults()).toEqual([]);
    await canary.close();
    return deathsAt(writes).filter(({ write }) => write === `PATCH httproutes/${ROUTE}`);
  }

  it("ends as if it had not, whichever write it is", { timeout: 10 * 60_000 }, async () => {
    const deaths = await live();
    expect(deaths.length).toBeGreaterThan(10);
    await eachDeath(deaths, live);
  });
});
