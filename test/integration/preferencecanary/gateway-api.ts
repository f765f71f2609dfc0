import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { goModuleSource } from "../../../hack/tools/go.ts";
import { type Client, createClient } from "../../../src/kube/client.ts";
import type { ClusterConfig } from "../../../src/kube/config.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { defineResource, gateways, httpRoutes, type Resource } from "../../../src/kube/resource.ts";
import { createTransport } from "../../../src/kube/transport.ts";

export interface CustomResourceDefinition extends KubeObject {
  readonly spec: unknown;
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export const customResourceDefinitions = defineResource<CustomResourceDefinition>({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
});

const HTTP_ROUTES = { crd: "httproutes.gateway.networking.k8s.io", resource: httpRoutes };
const GATEWAYS = { crd: "gateways.gateway.networking.k8s.io", resource: gateways };
const CHART = "charts/gateway-helm/charts/crds/crds/gatewayapi-crds.yaml";

/** HTTPRoute as Envoy Gateway's chart brings it: defaults, list types and validation are the real ones. */
export function installHTTPRoutes(admin: ClusterConfig): Promise<void> {
  return installKind(admin, HTTP_ROUTES);
}

/** Gateway, likewise. */
export function installGateways(admin: ClusterConfig): Promise<void> {
  return installKind(admin, GATEWAYS);
}

async function installKind(admin: ClusterConfig, kind: Kind): Promise<void> {
  const transport = createTransport(admin);
  try {
    await install(createClient(transport, "test"), kind);
  } finally {
    await transport.close();
  }
}

interface Kind {
  readonly crd: string;
  readonly resource: Resource;
}

async function install(client: Client, { crd: crdName, resource }: Kind): Promise<void> {
  const chart = join(await goModuleSource("envoy-gateway", "github.com/envoyproxy/gateway"), CHART);
  const crd = parseAllDocuments(readFileSync(chart, "utf8"))
    .map((document) => document.toJS() as CustomResourceDefinition | null)
    .find((object) => object?.metadata.name === crdName);
  if (crd === undefined || crd === null) throw new Error(`${chart} has no ${crdName}`);
  await installDefinition(client, crd, resource);
}

/** Resolves when objects of the kind can be made. */
export async function installDefinition(
  client: Client,
  crd: CustomResourceDefinition,
  resource: Resource,
): Promise<void> {
  const { name, annotations } = crd.metadata;
  await client.apply(customResourceDefinitions, {
    metadata: { name, ...(annotations && { annotations }) },
    spec: crd.spec,
  });
  for (;;) {
    const { status } = (await client.get(customResourceDefinitions, { name })) ?? {};
    if (status?.conditions?.some((condition) => condition.type === "Established" && condition.status === "True")) break;
  }
  // Established a moment before it is served.
  for (let tries = 0; ; tries++) {
    try {
      await client.list(resource);
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
