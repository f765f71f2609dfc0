import { beforeEach, describe, expect, it } from "vitest";
import type { Deployment, Service } from "../../../src/kube/built-in.ts";
import { deployments, httpRoutes, services } from "../../../src/kube/resource.ts";
import { CANARY, canarySpec, modelUri, podTemplate, WORKLOAD } from "../../builders/canary.ts";
import { routeFaults } from "../../builders/route-oracle.ts";
import type { History } from "../operator/history.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { outages, winnerOf } from "./outages.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const HOST = "assistant.example.com";

const setStage = useCanaryStages();
let canary: CanaryStage;
let pods: History<Deployment>;
let addresses: History<Service>;

beforeEach(async () => {
  canary = await setStage();
  pods = await canary.stage.history(deployments);
  addresses = await canary.stage.history(services);
  await serveAsBefore();
});

/** What has served so far: a Deployment with its pods, a Service, and an HTTPRoute that is older than the canary's will be. */
async function serveAsBefore(): Promise<void> {
  const { client, namespace } = canary.stage;
  await scaleOld(2);
  await client.apply(services, {
    metadata: { namespace, name: WORKLOAD },
    spec: { selector: { app: CANARY }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await client.apply(httpRoutes, {
    metadata: { namespace, name: WORKLOAD },
    spec: {
      parentRefs: [{ name: "public" }],
      hostnames: [HOST],
      rules: [{ backendRefs: [{ name: WORKLOAD, port: 80 }] }],
    },
  });
  // Ages are in whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
}

async function scaleOld(replicas: number): Promise<void> {
  const { client, namespace } = canary.stage;
  const spec = {
    replicas,
    selector: { matchLabels: { app: CANARY } },
    template: podTemplate(modelUri("a")),
  };
  const { metadata } = await client.apply(deployments, { metadata: { namespace, name: WORKLOAD }, spec });
  const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
  const { generation = 1, uid } = metadata;
  await client.applyStatus(deployments, {
    metadata: { namespace, name: WORKLOAD, uid },
    status: { observedGeneration: generation, ...counts },
  });
}

function winner(): string | undefined {
  const routes = new Map(canary.routes.current().map((route) => [route.metadata.name, route]));
  return winnerOf(HOST, { routes })?.metadata.name;
}

function faults(): string[] {
  const ours = canary.routes.versions.filter(({ metadata }) => metadata.name === CANARY);
  return [
    ...routeFaults(ours, CANARY),
    ...outages(HOST, { routes: canary.routes, services: addresses, deployments: pods }),
  ];
}

/** From the first pod of the operator's to a candidate with half of the traffic. */
async function takeOver(spec: Readonly<Record<string, unknown>>): Promise<void> {
  const { client, namespace } = canary.stage;
  await canary.createCanary({ ...spec, replicas: 2, suspend: true });
  await canary.start();
  const before = `but HTTPRoute ${WORKLOAD} is older and gets the requests for ${HOST}: delete it`;
  const isWarm = ({ reason, message }: { reason: string; message: string }) =>
    reason === "RouteNotServed" && message.includes(before);
  await canary.until("warm", ({ status }) => status?.conditions?.some(isWarm) ?? false);
  expect(winner()).toBe(WORKLOAD);

  await client.delete(httpRoutes, { namespace, name: WORKLOAD });
  const serving = await canary.until("serving", ({ status }) => status?.phase === "Idle");
  expect(winner()).toBe(CANARY);
  expect(serving.status?.replicas).toBe(2);

  await scaleOld(0);
  await client.delete(services, { namespace, name: WORKLOAD });
  await canary.createCanary({ ...spec, replicas: 2 });
  await canary.createJob("next", "b");
  const half = await canary.until("half way", ({ status }) => status?.weights?.desired === 50);
  expect(half.status?.stable?.revision).toBe(serving.status?.stable?.revision);
  await canary.compare(1, 60);
  await canary.until("promoted", ({ status }) => status?.phase === "Promoted");
  expect(faults()).toEqual([]);
}

describe("what serves already is taken over", () => {
  it("from a Deployment that goes on as the template", async () => {
    await takeOver({});
    const old = pods.versions.filter(({ metadata }) => metadata.name === WORKLOAD);
    // Only this test has scaled it, and nobody has marked it.
    expect(new Set(old.map(({ metadata }) => metadata.generation))).toEqual(new Set([1, 2]));
    for (const { metadata } of old) expect([metadata.labels, metadata.finalizers]).toEqual([undefined, undefined]);
  });

  it("from anything whose pod template is copied into the canary, such as an Argo Rollout", async () => {
    await takeOver({ ...canarySpec(), serving: { template: podTemplate(modelUri("a")) } });
    await canary.stage.client.delete(deployments, { namespace: canary.stage.namespace, name: WORKLOAD });
    expect((await canary.canary())?.status?.phase).toBe("Promoted");
  });
});
