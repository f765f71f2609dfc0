import { beforeEach, describe, expect, it } from "vitest";
import { services } from "../../../src/kube/resource.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { ALMOST_WHOLE, WHOLE } from "../../../src/traffic/slots.ts";
import { CANARY, digest, modelUri, podTemplate } from "../../builders/canary.ts";
import { type Headers, sharesOf } from "../../builders/route-requests.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const setStage = useCanaryStages();
let canary: CanaryStage;

beforeEach(async () => {
  canary = await setStage();
  await canary.applyWorkload();
  await canary.createCanary();
});

function wholeOf(): string | undefined {
  const last = canary.routes.versions.at(-1);
  return last && readSlots(last, CANARY)?.find(({ weight }) => weight === WHOLE)?.revision;
}

/** What each arm has of the requests with these headers. */
function shares(headers: Headers): Readonly<Record<string, number>> | undefined {
  const last = canary.routes.versions.at(-1);
  return last && sharesOf(last, headers, CANARY);
}

describe("a canary on a real API server", () => {
  it("serves its first revision, promotes a better model and rolls a worse one back", async () => {
    await canary.start();
    const first = await canary.until("idle", ({ status }) => status?.phase === "Idle");
    expect(wholeOf()).toBe(first.status?.stable?.revision);

    await canary.createJob("better", "b");
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    await canary.compare(1, 60);
    const promoted = await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    expect(wholeOf()).toBe(promoted.status?.stable?.revision);

    await canary.createJob("worse", "c");
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    await canary.compare(0, 60);
    const back = await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(back.status?.stable).toEqual(promoted.status?.stable);
    expect(wholeOf()).toBe(back.status?.stable?.revision);
    expect(canary.faults()).toEqual([]);
  });

  it("lets testers and sessions name their arm, until a rollback takes that away", async () => {
    const httpRoute = { parentRefs: [{ name: "public" }], testers: {}, sticky: { cookie: {} } };
    await canary.createCanary({ traffic: { httpRoute } });
    await canary.start();
    const first = await canary.until("idle", ({ status }) => status?.phase === "Idle");
    const stable = first.status?.stable?.revision ?? "";

    await canary.createJob("worse", "b");
    const half = await canary.until("half way", ({ status }) => status?.weights?.desired === 50);
    const candidate = half.status?.candidate?.revision ?? "";
    const cookie = { cookie: `dpo-arm=${candidate}` };
    const wanted = { "x-dpo-arm-wanted": "candidate" };
    for (const headers of [cookie, wanted]) expect(shares(headers)).toEqual({ [stable]: 1, [candidate]: ALMOST_WHOLE });

    await canary.compare(0, 60);
    await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    for (const headers of [cookie, wanted, {}]) expect(shares(headers)).toEqual({ [stable]: WHOLE });
    expect(canary.faults()).toEqual([]);
  });

  it("asks the users that a candidate serves, and takes back or promotes by what they say", async () => {
    // The collector's clock says when an answer was rated.
    canary = await setStage({ speed: 1 });
    await canary.applyWorkload();
    await canary.createCanary({
      evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
      steps: [
        { name: "shadow", weight: 0, minDuration: "3s" },
        { name: "half", weight: 50 },
      ],
      gates: { winRate: {}, compliance: {}, regression: { maxDrop: "30%" } },
    });
    await canary.start();
    const first = await canary.until("idle", ({ status }) => status?.phase === "Idle");

    await canary.createJob("disliked", "b");
    await canary.until("in shadow", ({ status }) => status?.step?.name === "shadow");
    await canary.rate({ candidate: 0, stable: 1 }, 60);
    const live = await canary.until("live", ({ status }) => status?.candidate?.served !== undefined);
    await canary.rate({ candidate: 0, stable: 0 }, 1);
    const told = await canary.until("told", ({ status }) => status?.gates?.[1]?.samples === 1);
    expect([live, told].map(({ status }) => status?.gates?.[1]?.verdict)).toEqual(["Undecided", "Undecided"]);
    await canary.rate({ candidate: 0, stable: 1 }, 60);
    const back = await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(back.status?.lastRun?.message).toMatch(/^compliance: 0% of \d+ ratings/);
    expect(wholeOf()).toBe(first.status?.stable?.revision);

    await canary.createJob("liked", "c");
    await canary.until("in its last step", ({ status }) => status?.candidate?.served !== undefined);
    await canary.rate({ candidate: 1, stable: 0.9 }, 70);
    const half = await canary.until("told", ({ status }) => status?.gates?.[2]?.samples === 70);
    await canary.start();
    await canary.rate({ candidate: 1, stable: 0.9 }, 70);
    await canary.compare(1, 60);
    const promoted = await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    expect(promoted.status?.stable?.revision).toBe(half.status?.candidate?.revision);
    expect(promoted.status?.gates).toMatchObject([
      { name: "winRate", verdict: "Pass" },
      { name: "compliance", verdict: "Pass" },
      { name: "regression", verdict: "Pass", estimate: "10%" },
    ]);
    expect(wholeOf()).toBe(promoted.status?.stable?.revision);
    expect(canary.faults()).toEqual([]);
  }, 90_000);

  it("moves traffic between two Services that somebody else runs, whatever they select", async () => {
    const { client, namespace } = canary.stage;
    const apply = (name: string, selector: Readonly<Record<string, string>>) =>
      client.apply(services, { metadata: { namespace, name }, spec: { selector, ports: [{ port: 80 }] } });
    await apply("blue", { app: "blue", track: "old" });
    await apply("green", { app: "green" });
    const external = {
      stable: { service: "blue", digest: digest("a") },
      candidate: { service: "green", digest: digest("b") },
    };
    await canary.createCanary({ model: {}, serving: { external } });
    await canary.start();
    const half = await canary.until("half way", ({ status }) => status?.weights?.desired === 50);
    const { stable, candidate } = half.status ?? {};
    const selected = async (revision = "") =>
      (await client.get(services, { namespace, name: `${CANARY}-${revision}` }))?.spec?.selector;
    expect(await selected(candidate?.revision)).toEqual({ app: "green" });
    await apply("blue", { app: "blue" });
    await expect.poll(() => selected(stable?.revision), { timeout: 5_000 }).toEqual({ app: "blue" });

    await canary.compare(1, 60);
    await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
    expect(wholeOf()).toBe(candidate?.revision);
    await expect.poll(() => selected(stable?.revision), { timeout: 5_000 }).toBeUndefined();
    expect(await client.get(services, { namespace, name: "blue" })).toBeDefined();
    expect(canary.faults()).toEqual([]);
  });

  it("makes its arms from a template in the canary, and says what the API server does not take of it", async () => {
    const template = (image: string) => ({ template: podTemplate(modelUri("a"), image) });
    await canary.createCanary({ serving: template("") });
    await canary.start();
    const refused = await canary.until("refused", ({ status }) => status?.phase === "Stalled");
    expect(refused.status?.conditions?.[0]).toMatchObject({ type: "Ready", reason: "PodsRefused" });
    expect(refused.status?.conditions?.[0]?.message).toMatch(/spec\.template\.spec\.containers\[\d\]\.image: Required/);

    const misspelt = { containers: [{ name: "server", image: "server:1", imagePullPolice: "Always" }] };
    await canary.createCanary({ serving: { template: { spec: misspelt } } });
    const said = /imagePullPolice: field not declared in schema/;
    await canary.until("refused by name", ({ status }) => said.test(status?.conditions?.[0]?.message ?? ""));

    await canary.createCanary({ serving: template("server:1") });
    const first = await canary.until("idle", ({ status }) => status?.phase === "Idle");
    expect(wholeOf()).toBe(first.status?.stable?.revision);
    await canary.createCanary({ serving: template("") });
    const stalled = await canary.until("refused", ({ status }) => status?.phase === "Stalled");
    expect(stalled.status?.conditions?.[0]?.message).toContain(`${first.status?.stable?.revision} goes on serving`);
    await canary.createCanary({ serving: template("server:2") });
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    expect(canary.faults()).toEqual([]);
  });
});
