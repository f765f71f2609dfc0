import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { ANNOTATION, FINALIZER } from "../../../src/api/v1alpha1/metadata.ts";
import { API_VERSION } from "../../../src/api/v1alpha1/object.ts";
import { preferenceCanaries } from "../../../src/controllers/resources.ts";
import { deployments, events, httpRoutes, services } from "../../../src/kube/resource.ts";
import type { Interceptor } from "../../../src/kube/transport.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { WHOLE } from "../../../src/traffic/slots.ts";
import { CANARY, canarySpec } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { dyingAt } from "./dying-process.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const setStage = useCanaryStages();
let canary: CanaryStage;

beforeEach(async () => {
  canary = await setStage();
  await canary.applyWorkload();
});

/** A candidate that has half of the traffic. */
async function inLastStep(stage = canary) {
  await stage.until("idle", ({ status }) => status?.phase === "Idle");
  await stage.createJob("next", "b");
  return stage.until(
    "in its last step",
    ({ status }) => status?.step?.name === "half" && status.weights?.since !== undefined,
  );
}

async function orderRollback(stage: CanaryStage): Promise<void> {
  const { candidate } = (await stage.canary())?.status ?? {};
  await stage.order("rollback", candidate?.revision ?? null);
}

/** The write that takes a candidate's traffic in this namespace is held until it is released. */
function holdRejection(namespace: string) {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  onTestFinished(() => released.resolve());
  const interceptor: Interceptor = async ({ path, body }, send) => {
    if (path.includes(`/${namespace}/httproutes/`) && JSON.stringify(body).includes(ANNOTATION.rejected)) {
      begun.resolve();
      await released.promise;
    }
    return send();
  };
  return { interceptor, begun: begun.promise, release: () => released.resolve() };
}

function weights(): number[] | undefined {
  const last = canary.routes.versions.at(-1);
  return last && readSlots(last, CANARY)?.map(({ weight }) => weight);
}

function mirrors(): boolean {
  return (canary.routes.versions.at(-1)?.spec.rules?.[0]?.filters ?? []).length > 0;
}

describe("a rollback", () => {
  it("stands when the operator dies right after it, the collector is down and status is lost", async () => {
    await canary.createCanary();
    const { namespace, collector } = canary.stage;
    let died: () => void = () => undefined;
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    const takesTraffic = (body: unknown) => JSON.stringify(body ?? {}).includes(ANNOTATION.rejected);
    const dying = dyingAt(
      ({ path, body }) => path.includes("/httproutes/") && takesTraffic(body),
      "after",
      namespace,
      () => died(),
    );
    await canary.start(dying.interceptor);
    const { status } = await inLastStep();
    await canary.compare(0, 40);
    await death;
    await collector.stop();
    await canary.loseStatus();
    await canary.start();
    const after = await canary.until("rolled back", (now) => now.status?.phase === "RolledBack");
    expect(after.status?.stable).toEqual(status?.stable);
    expect(after.status?.lastRun?.revision).toBe(status?.candidate?.revision);
    expect(weights()?.toSorted()).toEqual([0, WHOLE]);
    expect(canary.faults()).toEqual([]);
    await collector.start();
  });
});

describe("a rollback that the API server is slow to store", () => {
  it("lets the route of another rollback be stored, whose status waits", async () => {
    canary = await setStage({ speed: 1 });
    const other = await setStage({ speed: 1 });
    for (const stage of [canary, other]) {
      await stage.applyWorkload();
      await stage.createCanary({ steps: [{ name: "half", weight: 50 }] });
    }
    const held = holdRejection(canary.stage.namespace);
    await canary.start(held.interceptor);
    for (const stage of [canary, other]) await inLastStep(stage);
    await orderRollback(canary);
    await held.begun;
    await orderRollback(other);
    await expect.poll(() => other.routes.versions.at(-1)?.metadata.annotations?.[ANNOTATION.rejected]).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await other.canary())?.status?.phase).toBe("Progressing");
    held.release();
    for (const stage of [canary, other])
      await stage.until("rolled back", ({ status }) => status?.phase === "RolledBack");
  });

  it("is before what other canaries have to write, though not for ever", async () => {
    canary = await setStage({ speed: 1 });
    await canary.applyWorkload();
    await canary.createCanary({ steps: [{ name: "half", weight: 50 }] });
    const { namespace, client } = canary.stage;
    const held = holdRejection(namespace);
    await canary.start(held.interceptor);
    await inLastStep();
    await canary.compare(0, 40);
    await held.begun;
    const key = { namespace, name: "other" };
    await client.apply(preferenceCanaries, {
      apiVersion: API_VERSION,
      kind: "PreferenceCanary",
      metadata: key,
      spec: canarySpec(),
    } as never);
    const isBegun = async () => (await client.get(preferenceCanaries, key))?.metadata.finalizers !== undefined;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await isBegun()).toBe(false);
    await expect.poll(isBegun, { timeout: 10_000 }).toBe(true);
    held.release();
    await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    await client.delete(preferenceCanaries, key);
    await expect.poll(() => client.get(preferenceCanaries, key), { timeout: 5_000 }).toBeUndefined();
  });
});

describe("evidence out of sight", () => {
  it("holds the candidate where it is, says so once, and lets it go on", async () => {
    await canary.createCanary({
      steps: [
        { name: "shadow", weight: 0 },
        { name: "long", weight: 1, minDuration: "40s" },
        { name: "half", weight: 50 },
      ],
    });
    await canary.start();
    await canary.until("idle", ({ status }) => status?.phase === "Idle");
    await canary.createJob("next", "b");
    await canary.until("in step long", ({ status }) => status?.step?.name === "long");
    await canary.stage.collector.stop();
    const held = await canary.until("held", ({ status }) => status?.gates?.[0]?.verdict === "NoData");
    expect(held.status?.conditions?.find(({ type }) => type === "Reconciling")?.reason).toBe("NoData");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect((await canary.canary())?.status?.step?.name).toBe("long");
    await canary.stage.collector.start();
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    const { items } = await canary.stage.client.list(events, { namespace: canary.stage.namespace });
    const told = items.filter(({ reason }) => reason === "HeldForNoData");
    expect(told.map(({ note }) => note)).toEqual([expect.stringContaining("the comparisons cannot be read")]);
  });
});

describe("a Service that the route names and somebody deletes", () => {
  it("stays until the route has let go of it, and comes back", async () => {
    await canary.createCanary();
    await canary.start();
    const { status } = await inLastStep();
    await expect.poll(mirrors).toBe(true);
    const { client, namespace } = canary.stage;
    for (const name of [`${CANARY}-sampler`, `${CANARY}-${status?.candidate?.revision}`]) {
      const history = await canary.stage.history(services);
      const before = await client.get(services, { namespace, name });
      const from = canary.routes.versions.length;
      await client.delete(services, { namespace, name });
      await history.until(name, ({ metadata }) => metadata.uid !== before?.metadata.uid);
      const released = history.versions.find(
        ({ metadata }) => metadata.uid === before?.metadata.uid && !metadata.finalizers?.includes(FINALIZER.routed),
      );
      expect(released).toBeUndefined();
      const letGo = canary.routes.versions
        .slice(from)
        .some((route) => !JSON.stringify(route.spec).includes(`"${name}"`));
      expect(letGo).toBe(true);
    }
    await expect.poll(() => [weights(), mirrors()], { timeout: 10_000 }).toEqual([[500_000, 500_000], true]);
    expect(canary.faults()).toEqual([]);
  });
});

describe("somebody else's write between decision and write", () => {
  it("makes a write that raises a candidate look again, and nothing of it is lost", async () => {
    await canary.createCanary();
    const { client, namespace } = canary.stage;
    let meddled = 0;
    await canary.start(async (request, send) => {
      const raises = request.path.includes("/httproutes/") && JSON.stringify(request.body).includes("500000");
      if (raises && meddled++ === 0) {
        const body = { metadata: { annotations: { "example.com/team": "search" } } };
        await client.patch(httpRoutes, { namespace, name: CANARY }, { type: "merge", body });
      }
      return send();
    });
    await inLastStep();
    expect(meddled).toBeGreaterThan(1);
    expect(canary.routes.versions.at(-1)?.metadata.annotations).toMatchObject({ "example.com/team": "search" });
    expect(canary.faults()).toEqual([]);
  });
});

describe("deleting a canary", () => {
  it.each(["Retain", "Delete"])("in mid-run, with %s", async (deletionPolicy) => {
    await canary.createCanary({ deletionPolicy });
    await canary.start();
    const { status } = await inLastStep();
    const { client, namespace } = canary.stage;
    await client.delete(preferenceCanaries, { namespace, name: CANARY });
    await expect.poll(() => canary.canary(), { timeout: 10_000 }).toBeUndefined();
    const left = await Promise.all([
      client.list(deployments, { namespace }),
      client.list(services, { namespace }),
      client.list(httpRoutes, { namespace }),
    ]);
    const arm = `${CANARY}-${status?.stable?.revision}`;
    const names = left.map(({ items }) => items.map(({ metadata }) => metadata.name).toSorted());
    const template = "assistant-template";
    expect(names).toEqual(
      deletionPolicy === "Retain" ? [[arm, template].toSorted(), [arm], [CANARY]] : [[template], [], []],
    );
    if (deletionPolicy === "Retain") {
      expect(weights()?.toSorted()).toEqual([0, WHOLE]);
      expect(mirrors()).toBe(false);
      expect(left[1].items[0]?.metadata.finalizers ?? []).toEqual([]);
    }
    expect(canary.faults()).toEqual([]);
  });
});

describe("at rest", () => {
  it("writes nothing any more", async () => {
    await canary.createCanary();
    const writes: string[] = [];
    await canary.start(async (request, send) => {
      if (request.path.includes(canary.stage.namespace)) writes.push(`${request.method} ${request.path}`);
      return send();
    });
    await canary.until("idle", ({ status }) => status?.phase === "Idle");
    await expect.poll(mirrors).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    writes.length = 0;
    // A minute of the manager's clock.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(writes).toEqual([]);
  });
});
