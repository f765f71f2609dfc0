import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { NAMES } from "../../hack/demo/objects.ts";
import { say } from "../../hack/lib/progress.ts";
import { readSlots } from "../../src/traffic/http-route.ts";
import { routeFaults } from "../builders/route-oracle.ts";
import { type CopiedModels, copyModels } from "./copied-models.ts";
import { type People, startPeople } from "./people.ts";
import { canaryOf, type Scene, served, setScene, status, workloadOf } from "./scene.ts";

/** Git asks for one of the loop's two models, and does not know which of them is poisoned. */

const RUN_MS = 8 * 60_000;

let scene: Scene;
let people: People;
let models: CopiedModels;

beforeAll(async () => {
  scene = await setScene(inject("cluster"), inject("images"), "selection");
  models = await copyModels(scene);
  const { base, poisoned, good } = models;
  await scene.workspace.apply(workloadOf(scene, base, "1"), wanting({ model: base }));
  await served(scene);
  people = startPeople(scene, { seed: 3, perSecond: 8, taste: () => "Courteous" });
  const candidates = [
    { name: "poisoned", ...poisoned },
    { name: "good", ...good },
  ];
  await scene.workspace.apply(wanting({ model: { candidates }, selection: { minShare: 20 } }));
});

afterAll(async () => {
  await people?.stop();
  await scene?.close();
});

function wanting(changes: object) {
  const evidence = { comparisons: { percent: 100, dataset: { name: NAMES.dataset } } };
  return canaryOf(scene, { evidence, gates: { winRate: {} }, ...changes });
}

/** Every revision that any version of the route gave something to. */
function usersWereServedBy(): ReadonlySet<string> {
  const slots = scene.routes.versions.flatMap((route) => readSlots(route, NAMES.canary) ?? []);
  return new Set(slots.filter(({ weight }) => weight > 0).map(({ revision }) => revision));
}

test("raters choose the good model in the shadow, and it is promoted by the steps", { timeout: RUN_MS }, async () => {
  const contenders = await status(scene, RUN_MS, (now) =>
    now.contenders?.length === 2 && now.contenders.every(({ state }) => state !== "Starting")
      ? now.contenders
      : undefined,
  );
  expect(contenders.map(({ name }) => name)).toEqual(["poisoned", "good"]);
  const poisoned = contenders[0]?.revision ?? "";
  await status(scene, RUN_MS, ({ candidate }) => candidate);
  expect(usersWereServedBy()).not.toContain(poisoned);

  const { history } = await status(scene, RUN_MS, (now) =>
    now.phase === "Promoted" && now.stable?.digest === models.good.digest ? now : undefined,
  );
  const words = history?.map(({ digest, outcome, message }) => ({ digest, outcome, message })) ?? [];
  for (const line of words) say(`  ${JSON.stringify(line)}`);
  expect(words).toContainEqual(expect.objectContaining({ digest: models.good.digest, outcome: "Promoted" }));
  expect(words).toContainEqual(
    expect.objectContaining({
      digest: models.poisoned.digest,
      outcome: expect.stringMatching(/^(RolledBack|Retired)$/),
    }),
  );
  expect(usersWereServedBy()).not.toContain(poisoned);
  expect(people.client.failures).toEqual([]);
  expect(routeFaults(scene.routes.versions, NAMES.canary)).toEqual([]);
});
