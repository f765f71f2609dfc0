import type { Deployment, Service } from "../../../src/kube/built-in.ts";
import type { HTTPRoute } from "../../../src/kube/gateway-api.ts";
import type { KubeObject, Stored } from "../../../src/kube/object.ts";
import { ruleFor } from "../../builders/route-requests.ts";
import type { History } from "../operator/history.ts";

export interface Witnesses {
  readonly routes: History<HTTPRoute>;
  readonly services: History<Service>;
  readonly deployments: History<Deployment>;
}

interface Cluster {
  readonly routes: Map<string, Stored<HTTPRoute>>;
  readonly services: Map<string, Stored<Service>>;
  readonly deployments: Map<string, Stored<Deployment>>;
}

/**
 * What a gateway would have answered 500 or 503 to, at each version that the API server has had since somebody first served:
 * a route for everybody that is missing, and any route with a backend that no ready pod is behind.
 */
export function outages(host: string, { routes, services, deployments }: Witnesses): string[] {
  const cluster: Cluster = { routes: new Map(), services: new Map(), deployments: new Map() };
  const changes = [
    ...changesOf(routes, cluster.routes),
    ...changesOf(services, cluster.services),
    ...changesOf(deployments, cluster.deployments),
  ].toSorted((one, other) => one.version - other.version);
  let isServed = false;
  return changes.flatMap(({ version, apply }) => {
    apply();
    const winner = winnerOf(host, cluster);
    isServed ||= winner !== undefined && unreadyBackends(winner, cluster).length === 0;
    if (!isServed) return [];
    const faults = [...cluster.routes.values()].flatMap((route) => unreadyBackends(route, cluster));
    return [...(winner ? [] : ["no route serves the host"]), ...faults].map((fault) => `at ${version}: ${fault}`);
  });
}

function changesOf<T extends KubeObject>({ versions, gone }: History<T>, state: Map<string, Stored<T>>) {
  const change = (object: Stored<T>, apply: () => void) => ({
    version: Number(object.metadata.resourceVersion),
    apply,
  });
  const puts = versions.map((object) => change(object, () => void state.set(object.metadata.name, object)));
  return [...puts, ...gone.map((object) => change(object, () => void state.delete(object.metadata.name)))];
}

/** The older one, of those that take the host's requests. */
export function winnerOf(host: string, { routes }: Pick<Cluster, "routes">): Stored<HTTPRoute> | undefined {
  const age = ({ metadata }: Stored<HTTPRoute>) => `${metadata.creationTimestamp} ${metadata.name}`;
  const takers = [...routes.values()].filter(({ spec }) => spec.hostnames?.includes(host));
  return takers.toSorted((one, other) => (age(one) < age(other) ? -1 : 1))[0];
}

function unreadyBackends(route: Stored<HTTPRoute>, cluster: Cluster): string[] {
  const backends = (ruleFor(route, {})?.backendRefs ?? []).filter(({ weight = 1 }) => weight > 0);
  const unready = backends.filter(({ name }) => !isReady(cluster.services.get(name), cluster));
  return unready.map(({ name }) => `HTTPRoute ${route.metadata.name} names ${name}, which has no ready pod`);
}

function isReady(service: Stored<Service> | undefined, { deployments }: Cluster): boolean {
  const selector = Object.entries(service?.spec?.selector ?? {});
  return [...deployments.values()].some(({ spec, status }) => {
    const labels = spec?.template.metadata?.labels ?? {};
    const isSelected = selector.length > 0 && selector.every(([label, value]) => labels[label] === value);
    return isSelected && (status?.availableReplicas ?? 0) > 0;
  });
}
