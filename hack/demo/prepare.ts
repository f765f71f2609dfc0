import { randomBytes } from "node:crypto";
import type { Cluster } from "../cluster/cluster.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { createHttpClient, type HttpClient } from "./http-client.ts";
import { jobResult } from "./job-result.ts";
import { baseModelJob, claim, collectorRoute, HOSTS, type Model, NAMES, namespace } from "./objects.ts";

const BASE_MODEL_MS = 180_000;

/** A namespace of this run's own, so that nothing of an earlier run counts in it. */
export interface Workspace {
  readonly namespace: string;
  apply(...objects: readonly object[]): Promise<void>;
  /** The collector as raters, checkers and importers of this namespace reach it. */
  readonly collector: HttpClient;
}

export async function prepareWorkspace(cluster: Cluster): Promise<Workspace> {
  await kubectl(cluster, ["delete", "namespace", "--selector", "dpo.dev/demo=true", "--wait", "--timeout=120s"]);
  return createWorkspace(cluster, namespace(`demo-${randomBytes(2).toString("hex")}`));
}

/** A namespace with the claims and the people that the loop needs. */
export async function createWorkspace(
  cluster: Cluster,
  scope: { readonly metadata: { readonly name: string } },
): Promise<Workspace> {
  const { name } = scope.metadata;
  await applyObjects(cluster, [scope, collectorRoute()]);
  const apply = (...objects: readonly object[]) => applyObjects(cluster, objects, name);
  await apply(claim(NAMES.models), claim(NAMES.prefs), {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "people" },
  });
  const token = await kubectl(cluster, [
    "create",
    "token",
    "people",
    "--namespace",
    name,
    "--audience",
    "dpo-collector",
    "--duration",
    "24h",
  ]);
  return { namespace: name, apply, collector: createHttpClient(cluster.gatewayUrl, HOSTS.collector, token.trim()) };
}

async function applyObjects(cluster: Cluster, objects: readonly object[], inNamespace?: string): Promise<void> {
  const scope = inNamespace === undefined ? [] : ["--namespace", inNamespace];
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  await kubectl(cluster, ["apply", "--server-side", ...scope, "-f", "-"], { input });
}

/** Runs the Job and reads what it says at its end. */
export async function makeBaseModel(
  cluster: Cluster,
  { namespace: scope, apply }: Workspace,
  trainerImage: string,
  seed: number,
): Promise<Model> {
  await apply(baseModelJob(trainerImage, seed));
  const { digest, uri } = JSON.parse(await jobResult(cluster, scope, "base-model", BASE_MODEL_MS)) as Model;
  return { digest, uri };
}
