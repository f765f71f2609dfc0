import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { z } from "zod";
import type { PreferenceCanarySpec } from "../../../src/api/v1alpha1/preference-canary.ts";
import { httpRoutes, inferenceServices, services, virtualServices } from "../../../src/kube/resource.ts";
import { modelUri } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { type CustomResourceDefinition, installDefinition } from "./gateway-api.ts";
import { startKServe } from "./kserve/stand-in.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

/** As it is written, without defaults. */
type Spec = z.input<typeof PreferenceCanarySpec>;

const folder = join(import.meta.dirname, "../../../manifests/examples");
const files = readdirSync(folder).filter((name) => name.startsWith("preference-canary"));

/** What is there beside the canary and its workload. */
const BESIDE: Readonly<Record<string, (canary: CanaryStage) => Promise<unknown>>> = {
  "preference-canary-adopted.yaml": makeGitsRoute,
  "preference-canary-baseline.yaml": (canary) => makeServices(canary, 8000, "base-model"),
  "preference-canary-external.yaml": (canary) => makeServices(canary, 80, "assistant-blue", "assistant-green"),
  "preference-canary-istio.yaml": ({ stage }) =>
    installDefinition(stage.client, definitionIn("istio/virtual-service-crd.yaml"), virtualServices),
  "preference-canary-knative.yaml": installKServe,
  "preference-canary-kserve.yaml": installKServe,
};

const setStage = useCanaryStages();

function definitionIn(file: string): CustomResourceDefinition {
  return parse(readFileSync(join(import.meta.dirname, file), "utf8"));
}

async function installKServe({ stage: { client, namespace, installation, atEnd } }: CanaryStage): Promise<void> {
  await installDefinition(client, definitionIn("kserve/inference-service-crd.yaml"), inferenceServices);
  atEnd(await startKServe(installation.admin, client, namespace, modelUri("f")));
}

async function makeServices({ stage }: CanaryStage, port: number, ...names: readonly string[]): Promise<void> {
  const { client, namespace } = stage;
  for (const app of names) {
    const spec = { selector: { app }, ports: [{ port }] };
    await client.apply(services, { metadata: { namespace, name: app }, spec });
  }
}

async function makeGitsRoute({ stage: { client, namespace } }: CanaryStage): Promise<void> {
  const rule = { name: "chat", backendRefs: [{ name: "chat", port: 80 }] };
  const spec = { parentRefs: [{ name: "public", namespace: "gateways" }], rules: [rule] };
  await client.apply(httpRoutes, { metadata: { namespace, name: "shop" }, spec });
}

/** Somebody trains a model, or people prefer one of those that are there. */
async function offerModel(canary: CanaryStage, { model, selection }: Spec): Promise<void> {
  if (model?.fromJobs !== undefined) await canary.createJob("next", "b");
  if (selection === undefined) return;
  const [first] = model?.candidates ?? [];
  await canary.until(
    "selecting",
    ({ status }) => status?.contenders?.every(({ state }) => state === "Compared") ?? false,
  );
  await canary.compare(1, 60, first?.name);
}

describe("the example", () => {
  it.each(files)("%s serves, tries another model, and promotes it when it is told to", async (file) => {
    const { spec } = parse(readFileSync(join(folder, file), "utf8")) as { readonly spec: Spec };
    const canary = await setStage();
    await canary.applyWorkload(undefined, spec.serving.workloadRef?.name);
    await BESIDE[file]?.(canary);
    await canary.createCanary({ model: {}, ...spec });
    await canary.start();
    await canary.until("serving", ({ status }) => status?.stable !== undefined);
    await offerModel(canary, spec);
    const entered = await canary.until(
      "in a step",
      ({ status }) => status?.weights?.since !== undefined && status.step !== undefined,
    );
    const { candidate, step } = entered.status ?? {};
    expect(spec.steps.map(({ name }) => name)).toContain(step?.name);

    await canary.order("promote", candidate?.revision ?? "");
    const { status } = await canary.until("promoted", (now) => now.status?.phase === "Promoted");
    expect(status?.stable).toMatchObject({ revision: candidate?.revision, digest: candidate?.digest });
    expect(status?.lastRun?.outcome).toBe("Promoted");
    // One that is adopted has rules of others in it.
    if (spec.traffic.httpRoute?.adopt === undefined) expect(canary.faults()).toEqual([]);
  });
});
