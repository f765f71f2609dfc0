import type { HTTPRouteRule } from "../../src/kube/gateway-api.ts";
import { digest, modelUri } from "./canary.ts";
import type { CanaryWorld } from "./canary-world.ts";
import { served } from "./memory-cluster.ts";
import { inLastStep, type Story } from "./story.ts";

const wins = Array<1>(60).fill(1);
const losses = Array<0>(60).fill(0);

const model = { modelFormat: { name: "huggingface" }, storageUri: modelUri("a") };

/** Arms that are InferenceServices. */
export const kserve = { serving: { inferenceService: { predictor: { model } } } };

/** Arms that somebody else runs, each with this digit's model. */
export function services({ stable, candidate }: { readonly stable: string; readonly candidate?: string }) {
  const arm = (service: string, digit: string) => ({ service, digest: digest(digit) });
  const external = {
    stable: arm("assistant-blue", stable),
    ...(candidate && { candidate: arm("assistant-green", candidate) }),
  };
  return { model: {}, serving: { external } };
}

export function withServices(world: CanaryWorld): void {
  for (const name of ["assistant-blue", "assistant-green"])
    world.cluster.put(world.cluster.services, {
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port: 80 }] },
    });
}

/** A route that is Git's. */
export const adopted = { traffic: { httpRoute: { adopt: { name: "storefront" } } } };

export function gitRoute(world: CanaryWorld, rules: readonly HTTPRouteRule[]): void {
  const spec = { parentRefs: [{ name: "public" }], rules };
  world.cluster.put(world.cluster.routes, { metadata: { name: "storefront" }, spec, status: served(spec) });
  world.cluster.put(world.cluster.services, { metadata: { name: "chat" } });
}

const chat: HTTPRouteRule = {
  matches: [{ path: { type: "PathPrefix", value: "/" } }],
  backendRefs: [{ name: "chat", port: 80, weight: 1 }],
};
export const withRoute = (world: CanaryWorld) => gitRoute(world, [chat]);

const inLastStepOf = (before: (world: CanaryWorld) => void) => (world: CanaryWorld) => {
  before(world);
  inLastStep(world);
};

/** The ends of a run, where something else than the canary's own Deployments and route serves. */
function endings(kind: string, spec: NonNullable<Story["spec"]>, given: Story["given"]): readonly Story[] {
  return [
    { spec, given, event: `every gate has passed, ${kind}`, happens: (world) => world.vote(wins) },
    { spec, given, event: `a gate fails, ${kind}`, happens: (world) => world.vote(losses) },
    { spec, given, event: `it is deleted, with Retain, ${kind}`, happens: (world) => world.deleteCanary() },
    {
      spec: { ...spec, deletionPolicy: "Delete" },
      given,
      event: `it is deleted, with Delete, ${kind}`,
      happens: (world) => world.deleteCanary(),
    },
  ];
}

const inKServe = inLastStepOf(() => undefined);
const behindServices = inLastStepOf(withServices);
const inGitsRoute = inLastStepOf(withRoute);

export const kindStories: readonly Story[] = [
  ...endings("where arms are InferenceServices", kserve, inKServe),
  ...endings("where arms are Services of somebody else's", services({ stable: "a", candidate: "b" }), behindServices),
  ...endings("where the route is Git's", adopted, inGitsRoute),
];
