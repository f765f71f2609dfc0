import { beforeEach, expect, it } from "vitest";
import { ANNOTATION, LABEL } from "../../../src/api/v1alpha1/metadata.ts";
import { controllerRevisions, deployments } from "../../../src/kube/resource.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { CANARY, digest, modelUri } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const model = (name: string, digit: string) => ({ name, uri: modelUri(digit), digest: digest(digit) });
const CANDIDATES = [model("red", "b"), model("green", "c"), model("blue", "d")];

const setStage = useCanaryStages();
let canary: CanaryStage;

beforeEach(async () => {
  canary = await setStage();
  await canary.applyWorkload();
  await canary.createCanary({ model: { candidates: CANDIDATES }, selection: {}, onNoData: { after: "24h" } });
});

/** Every arm that ever had users, by the route. */
function served(): Set<string> {
  const slots = canary.routes.versions.flatMap((version) => readSlots(version, CANARY) ?? []);
  return new Set(slots.filter(({ weight }) => weight > 0).map(({ revision }) => revision));
}

async function arms(): Promise<string[]> {
  const { namespace, client } = canary.stage;
  const { items } = await client.list(deployments, { namespace });
  return items.flatMap(({ metadata }) => metadata.labels?.["dpo.dev/revision"] ?? []);
}

/** Among how many each contender is judged, for good. */
async function parts(): Promise<Map<string, string>> {
  const { namespace, client } = canary.stage;
  const { items } = await client.list(controllerRevisions, { namespace });
  const said = items.flatMap(({ metadata: { labels = {}, annotations = {} } }): [string, string][] => {
    const [revision, among] = [labels[LABEL.revision], annotations[ANNOTATION.among]];
    return revision === undefined || among === undefined ? [] : [[revision, among]];
  });
  return new Map(said);
}

const left = (words: string) => (object: { status?: { step?: { name: string } } }) =>
  object.status?.step?.name === words;

it("chooses one of three on a real API server, through a restart, with users on stable alone", async () => {
  await canary.start();
  const all = await canary.until(
    "selecting",
    ({ status }) => status?.contenders?.every(({ share }) => share !== undefined) ?? false,
  );
  expect(all.status).toMatchObject({
    phase: "Progressing",
    step: { name: "selection 3/3 left" },
    weights: { desired: 0 },
  });
  const revisions = all.status?.contenders?.map(({ revision }) => revision) ?? [];
  const [red = "", green = "", blue = ""] = revisions;
  expect(new Set(await arms())).toEqual(new Set([all.status?.stable?.revision, ...revisions]));

  expect(await parts()).toEqual(new Map(revisions.map((revision) => [revision, "3"])));

  await canary.compare(0, 60, "red");
  await canary.until("red is out", left("selection 2/3 left"));
  await canary.start();
  await canary.compare(1, 15, "blue");
  await canary.compare(1, 60, "green");
  const chosen = await canary.until("green is chosen", ({ status }) => status?.candidate !== undefined);
  expect(chosen.status).toMatchObject({ candidate: { among: 3 } });
  const winner = chosen.status?.candidate?.revision ?? "";
  expect([green, blue]).toContain(winner);

  const promoted = await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
  expect(promoted.status?.stable?.revision).toBe(winner);
  const outcomes = new Map(promoted.status?.history?.map(({ revision, outcome }) => [revision, outcome]));
  const retired = winner === green ? blue : green;
  expect(outcomes).toEqual(
    new Map([
      [red, "RolledBack"],
      [retired, "Retired"],
      [winner, "Promoted"],
    ]),
  );
  expect(served()).toEqual(new Set([all.status?.stable?.revision, winner]));
  await expect.poll(arms).toEqual([winner]);
  expect(await parts()).toEqual(new Map(revisions.map((revision) => [revision, "3"])));
  expect(canary.faults()).toEqual([]);
});

it("goes on when status is lost, and is rolled back when all three fail", async () => {
  await canary.start();
  await canary.until(
    "selecting",
    ({ status }) => status?.contenders?.every(({ share }) => share !== undefined) ?? false,
  );
  await canary.compare(0, 60, "red");
  await canary.until("red is out", left("selection 2/3 left"));
  await canary.loseStatus();
  await canary.until("still out", left("selection 2/3 left"));
  await canary.compare(0, 60, "green");
  await canary.until("green is out", left("selection 1/3 left"));
  await canary.compare(0, 60, "blue");
  const back = await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
  expect(back.status?.contenders?.map(({ state }) => state)).toEqual(["RolledBack", "RolledBack", "RolledBack"]);
  for (const { message } of back.status?.contenders ?? []) expect(message).toMatch(/^winRate: 0% of \d+ comparisons/);
  expect(served()).toEqual(new Set([back.status?.stable?.revision]));
  expect(canary.faults()).toEqual([]);
});
