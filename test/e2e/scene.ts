import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../../hack/cluster/cluster.ts";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { createHttpClient, type HttpClient } from "../../hack/demo/http-client.ts";
import type { Images } from "../../hack/demo/install.ts";
import { assistantTemplate, canary, type Model, NAMES } from "../../hack/demo/objects.ts";
import { type Observer, observe, waitFor } from "../../hack/demo/observer.ts";
import { createWorkspace, type Workspace } from "../../hack/demo/prepare.ts";
import type { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import { kubeconfigFile } from "../../src/kube/kubeconfig.ts";
import { httpRoutes } from "../../src/kube/resource.ts";
import { type History, recordHistory } from "../integration/operator/history.ts";

export const SCENE_LABEL = "dpo.dev/e2e";

/** A namespace of a test file's own, with what the demo has in its one, and a host name behind the gateway. */
export interface Scene {
  readonly cluster: Cluster;
  readonly images: Images;
  readonly namespace: string;
  readonly workspace: Workspace;
  readonly observer: Observer;
  readonly routes: History<HTTPRoute>;
  readonly host: string;
  readonly assistant: HttpClient;
  close(): Promise<void>;
}

type Status = NonNullable<PreferenceCanary["status"]>;

const READY_WITHIN_MS = 180_000;

export async function setScene(cluster: Cluster, images: Images, name: string): Promise<Scene> {
  const namespace = `e2e-${name}-${randomBytes(2).toString("hex")}`;
  const labels = { [SCENE_LABEL]: "true", "pod-security.kubernetes.io/enforce": "restricted" };
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
  const workspace = await createWorkspace(cluster, object);
  const observer = await observe(cluster.kubeconfig, namespace);
  const routes = await recordHistory(await kubeconfigFile(cluster.kubeconfig), httpRoutes, namespace);
  const host = `${name}.localhost`;
  const assistant = createHttpClient(cluster.gatewayUrl, host);
  return {
    ...{ cluster, images, namespace, workspace, observer, routes, host, assistant },
    async close() {
      await Promise.all([assistant.close(), workspace.collector.close(), observer.close(), routes.stop()]);
      await kubectl(cluster, ["delete", "namespace", namespace, "--wait=false"]);
    },
  };
}

/** The demo's canary under this scene's host name, with other wishes. */
export function canaryOf({ host }: Scene, changes: Readonly<Record<string, unknown>>, annotations = {}) {
  const demo = canary();
  const httpRoute = { ...demo.spec.traffic.httpRoute, hostnames: [host] };
  return {
    ...demo,
    metadata: { ...demo.metadata, annotations },
    spec: { ...demo.spec, traffic: { httpRoute }, ...changes },
  };
}

/** The same with all that a route can be asked for, decided by comparisons alone; `listener`: the only one, where it is said. */
export function trafficCanaryOf(scene: Scene, steps: readonly object[], listener?: "https") {
  const evidence = { comparisons: { percent: 5, dataset: { name: NAMES.dataset } } };
  const { httpRoute } = canaryOf(scene, {}).spec.traffic;
  const parentRefs = httpRoute.parentRefs.map((ref) => (listener ? { ...ref, sectionName: listener } : ref));
  const traffic = { httpRoute: { ...httpRoute, parentRefs, testers: {}, sticky: { cookie: {} } } };
  return canaryOf(scene, { traffic, evidence, steps, gates: { winRate: {} } });
}

/** The workload that arms are made from. Another build is another revision of the same model. */
export function workloadOf({ images }: Scene, base: Model, build: string) {
  const demo = assistantTemplate(images.trainer, base);
  const { template } = demo.spec;
  const metadata = { ...template.metadata, annotations: { build } };
  return { ...demo, spec: { ...demo.spec, template: { ...template, metadata } } };
}

/** Resolves when the first revision serves and the gateway knows it. */
export async function served(scene: Scene): Promise<void> {
  await waitFor(scene.observer.canaries, NAMES.canary, READY_WITHIN_MS, ({ status }) => status?.stable);
  await answered(scene);
}

/** Resolves when the gateway has an answer for the scene's host. */
export async function answered({ assistant, host }: Scene): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const { status } = await assistant.send("GET", "/v1/models");
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`the gateway answers ${status} for ${host}`);
    await sleep(200);
  }
}

/** Waits for the canary's status to meet a condition. */
export function status<R>(scene: Scene, timeoutMs: number, condition: (status: Status) => R | undefined): Promise<R> {
  return waitFor(scene.observer.canaries, NAMES.canary, timeoutMs, ({ status: now }) => now && condition(now));
}
