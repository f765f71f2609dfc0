import { setTimeout as sleep } from "node:timers/promises";
import { LABEL } from "../../src/api/v1alpha1/metadata.ts";
import { API_VERSION } from "../../src/api/v1alpha1/object.ts";
import type { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import { preferenceCanaries } from "../../src/controllers/resources.ts";
import type { Client } from "../../src/kube/client.ts";
import type { Reflector } from "../../src/kube/reflector.ts";
import { deployments, namespaces } from "../../src/kube/resource.ts";
import { digest, modelUri, podTemplate } from "../../test/builders/canary.ts";

/** A canary whose candidate is on its way. */
export interface Run {
  readonly namespace: string;
  readonly canary: string;
  readonly stable: string;
  readonly candidate: string;
}

const PER_NAMESPACE = 50;
const AT_ONCE = 16;
/** The one that every candidate is held in. */
const STEP = { name: "tenth", weight: 10, minDuration: "24h" };

export const DATASET = "support";

export function namespacesOf(count: number): readonly string[] {
  return Array.from({ length: Math.ceil(count / PER_NAMESPACE) }, (_, index) => `team-${index}`);
}

/**
 * Canaries with a stable that serves and a candidate in mid-ramp; resolves when all of them are there. Each gets its
 * candidate as soon as its stable serves.
 */
export async function makeRuns(
  client: Client,
  canaries: Reflector<PreferenceCanary>,
  count: number,
  say: (line: string) => void,
): Promise<readonly Run[]> {
  const keys = namespacesOf(count).flatMap((namespace) =>
    Array.from({ length: PER_NAMESPACE }, (_, index) => ({ namespace, name: `assistant-${index}` })),
  );
  const chosen = keys.slice(0, count);
  await each(namespacesOf(count), (name) => client.create(namespaces, { metadata: { name } }));
  const served = new Set<string>();
  canaries.subscribe(({ object }) => {
    const { namespace, name } = object.metadata;
    if (object.status?.phase !== "Idle" || served.has(`${namespace}/${name}`)) return;
    served.add(`${namespace}/${name}`);
    void client.apply(preferenceCanaries, canaryOf(namespace, name, "b") as never);
  });
  const all = until(canaries, count, say);
  await each(chosen, async ({ namespace, name }) => {
    const template = podTemplate(modelUri("a"));
    const spec = { replicas: 0, selector: { matchLabels: { app: "assistant" } }, template };
    await client.apply(deployments, { metadata: { namespace, name: `${name}-template` }, spec });
    await client.apply(preferenceCanaries, canaryOf(namespace, name, "a") as never);
  });
  await all;
  return canaries.store.list().flatMap(({ metadata, status }) => {
    const { stable, candidate } = status ?? {};
    if (stable === undefined || candidate === undefined) return [];
    const { namespace, name: canary } = metadata;
    return [{ namespace, canary, stable: stable.revision, candidate: candidate.revision }];
  });
}

function canaryOf(namespace: string, name: string, digit: string) {
  return {
    apiVersion: API_VERSION,
    kind: "PreferenceCanary",
    metadata: { namespace, name, labels: { [LABEL.canary]: name } },
    spec: {
      model: { uri: modelUri(digit), digest: digest(digit) },
      serving: { workloadRef: { name: `${name}-template` } },
      traffic: { httpRoute: { parentRefs: [{ name: "public" }], hostnames: [`${name}.${namespace}.example.com`] } },
      evidence: { comparisons: { dataset: { name: DATASET } }, checks: {} },
      steps: [{ name: "shadow", weight: 0 }, STEP],
      gates: { winRate: {}, safety: {} },
    },
  };
}

async function until(
  { store }: Reflector<PreferenceCanary>,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  const start = performance.now();
  for (;;) {
    const there = store.list().filter(isInMidRamp).length;
    say(`${there} of ${count} canaries are in mid-ramp after ${seconds(start)} s`);
    if (there === count) return;
    await sleep(5_000);
  }
}

function isInMidRamp({ status }: PreferenceCanary): boolean {
  return status?.step?.name === STEP.name && status.weights?.since !== undefined;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}

/** A few at once. */
export async function each<Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await act(item);
    }),
  );
}
