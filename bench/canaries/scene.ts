import { setTimeout as sleep } from "node:timers/promises";
import { LABEL } from "../../src/api/v1alpha1/metadata.ts";
import { API_VERSION } from "../../src/api/v1alpha1/object.ts";
import type { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import { preferenceCanaries } from "../../src/controllers/resources.ts";
import type { Client } from "../../src/kube/client.ts";
import type { Reflector } from "../../src/kube/reflector.ts";
import { deployments } from "../../src/kube/resource.ts";
import { digest, modelUri, podTemplate } from "../../test/builders/canary.ts";

/** A canary whose candidate is on its way. */
export interface Run {
  readonly namespace: string;
  readonly canary: string;
  readonly stable: string;
  readonly candidate: string;
}

/** Where a canary is. */
export interface NamedIn {
  readonly namespace: string;
  readonly name: string;
}

const PER_NAMESPACE = 50;
const AT_ONCE = 16;
const RAMP_MS = 60_000;
const QUIET_MS = 5_000;
/** The one that every candidate is held in. */
const STEP = { name: "tenth", weight: 10, minDuration: "24h" };

export const DATASET = "support";

export function namespacesOf(keys: readonly NamedIn[]): readonly string[] {
  return [...new Set(keys.map(({ namespace }) => namespace))];
}

/** Their names. */
export function keysOf(count: number): readonly NamedIn[] {
  return Array.from({ length: count }, (_, index) => ({
    namespace: `team-${Math.floor(index / PER_NAMESPACE)}`,
    name: `assistant-${index % PER_NAMESPACE}`,
  }));
}

/** A canary that the operator takes into mid-ramp: its candidate is asked for as soon as its stable serves. */
export async function ramp(client: Client, canaries: Reflector<PreferenceCanary>, key: NamedIn): Promise<Run> {
  const { namespace, name } = key;
  const apply = (digit: string) => client.apply(preferenceCanaries, canaryOf(namespace, name, digit) as never);
  const template = podTemplate(modelUri("a"));
  const spec = { replicas: 0, selector: { matchLabels: { app: "assistant" } }, template };
  await client.apply(deployments, { metadata: { namespace, name: `${name}-template` }, spec });
  await apply("a");
  await canaries.until((store) => store.get(key)?.status?.phase === "Idle", AbortSignal.timeout(RAMP_MS));
  await apply("b");
  await canaries.until((store) => isInMidRamp(store.get(key)), AbortSignal.timeout(RAMP_MS));
  return runOf(canaries, key);
}

/** Resolves when every canary is in mid-ramp and none of them has changed for a while: whoever begins has read them all. */
export async function untilQuiet({ store }: Reflector<PreferenceCanary>, keys: readonly NamedIn[]): Promise<void> {
  const versions = () => keys.map((key) => store.get(key)?.metadata.resourceVersion).join();
  for (let before = ""; ; before = versions()) {
    if (before === versions() && keys.every((key) => isInMidRamp(store.get(key)))) return;
    await sleep(QUIET_MS);
  }
}

export function runOf({ store }: Reflector<PreferenceCanary>, key: NamedIn): Run {
  const { stable, candidate } = store.get(key)?.status ?? {};
  if (stable === undefined || candidate === undefined) throw new Error(`${key.namespace}/${key.name} has no run`);
  return { namespace: key.namespace, canary: key.name, stable: stable.revision, candidate: candidate.revision };
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

function isInMidRamp(canary: PreferenceCanary | undefined): boolean {
  return canary?.status?.step?.name === STEP.name && canary.status.weights?.since !== undefined;
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
