import { beforeAll, describe, expect, inject, it } from "vitest";
import { createClient } from "../../../src/kube/client.ts";
import { ConnectionError } from "../../../src/kube/errors.ts";
import { controllerRevisions, deployments, services } from "../../../src/kube/resource.ts";
import { createTransport, type Interceptor } from "../../../src/kube/transport.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { CANARY } from "../../builders/canary.ts";
import { type Installation, install } from "../operator/install.ts";
import { type CanaryStage, setCanaryStage } from "./canary-stage.ts";
import { installHTTPRoutes } from "./gateway-api.ts";

type Moment = "before" | "after";

let installation: Installation;

beforeAll(async () => {
  installation = await install(inject("kubeconfig"));
  const transport = createTransport(installation.admin);
  await installHTTPRoutes(createClient(transport, "test"));
  await transport.close();
});

/** The process dies at its k-th write to the namespace: nothing that it does afterwards has any effect. */
function dyingAt(k: number, moment: Moment, namespace: string, died: () => void): Interceptor & { writes(): number } {
  let writes = 0;
  const interceptor: Interceptor = async (request, send) => {
    const isOurs = request.method !== "GET" && request.path.includes(`/namespaces/${namespace}/`);
    if (isOurs) writes += 1;
    if (writes < k || !isOurs) return send();
    if (writes === k && moment === "after") await send();
    if (writes === k) died();
    throw new ConnectionError("the process is dead", "ECONNRESET");
  };
  return Object.assign(interceptor, { writes: () => writes });
}

async function life(canary: CanaryStage): Promise<void> {
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
  await canary.createJob("better", "b");
  await canary.until(
    "in its last step",
    ({ status }) => status?.step?.name === "half" && status.weights?.since !== undefined,
  );
  await canary.compare(1, 40);
  await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
  await canary.createJob("worse", "c");
  await canary.until(
    "in its last step",
    ({ status }) => status?.step?.name === "half" && status.weights?.since !== undefined,
  );
  await canary.compare(0, 40);
  await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
}

/** What a person or program could see at the end, without times and what depends on the batches of evidence. */
async function endState({ stage, canary, routes }: CanaryStage) {
  const { client, namespace } = stage;
  const { status } = (await canary()) ?? {};
  const named = async (resource: typeof deployments | typeof services) =>
    (await client.list<never>(resource as never, { namespace })).items.map(
      ({ metadata }) => (metadata as { name: string }).name,
    );
  const records = (await client.list(controllerRevisions, { namespace })).items;
  const route = routes.current()[0];
  return {
    phase: status?.phase,
    stable: status?.stable,
    candidate: status?.candidate,
    step: status?.step,
    lastRun: [status?.lastRun?.revision, status?.lastRun?.outcome],
    gates: status?.gates?.map(({ name, verdict }) => [name, verdict]),
    conditions: status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    deployments: (await named(deployments)).toSorted(),
    services: (await named(services)).toSorted(),
    verdicts: records.map(({ metadata }) => [metadata.name, metadata.annotations?.["dpo.dev/verdict"]]).toSorted(),
    slots: route && readSlots(route, CANARY)?.toSorted((a, b) => b.weight - a.weight),
    annotations: [route?.metadata.annotations?.["dpo.dev/stable"], route?.metadata.annotations?.["dpo.dev/rejected"]],
  };
}

async function lifeWithCrash(k: number, moment: Moment) {
  const canary = await setCanaryStage(installation);
  try {
    await canary.applyWorkload();
    await canary.createCanary(QUICK);
    let restarted: Promise<unknown> = Promise.resolve();
    const interceptor = dyingAt(k, moment, canary.stage.namespace, () => {
      restarted = new Promise((resolve) => setTimeout(resolve, 0)).then(() => canary.start());
    });
    await canary.start(interceptor);
    await life(canary);
    await restarted;
    return { state: await endState(canary), faults: canary.faults(), writes: interceptor.writes() };
  } finally {
    await canary.close();
  }
}

const QUICK = {
  steps: [
    { name: "shadow", weight: 0 },
    { name: "half", weight: 50 },
  ],
};

describe("the operator dies at a write of a canary's life and is started again", () => {
  it("ends in the same state, whichever write it is", { timeout: 900_000 }, async () => {
    const start = performance.now();
    const reference = await lifeWithCrash(Number.POSITIVE_INFINITY, "before");
    console.log(reference.writes, performance.now() - start, JSON.stringify(reference.state));
    expect(reference.faults).toEqual([]);
    for (let k = 1; k <= Number(process.env.KMAX ?? reference.writes); k++) {
      for (const moment of ["before", "after"] as const) {
        const where = `dies ${moment} write ${k}`;
        const { state, faults } = await lifeWithCrash(k, moment);
        expect({ where, ...state }).toEqual({ where, ...reference.state });
        expect({ where, faults }).toEqual({ where, faults: [] });
      }
    }
    console.log(performance.now() - start);
  });
});
