import { ANNOTATION } from "../../../src/api/v1alpha1/metadata.ts";
import { controllerRevisions, deployments, httpRoutes, services } from "../../../src/kube/resource.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { CANARY } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";

/** What there is at the end, without times, and without what depends on how evidence was batched. */
export async function endState({ stage, canary }: CanaryStage) {
  const { client, namespace } = stage;
  const { status } = (await canary()) ?? {};
  const records = (await client.list(controllerRevisions, { namespace })).items;
  const [route] = (await client.list(httpRoutes, { namespace })).items;
  const names = (items: readonly { readonly metadata: { readonly name: string } }[]) =>
    items.map(({ metadata }) => metadata.name).toSorted();
  return {
    phase: status?.phase,
    stable: status?.stable,
    candidate: status?.candidate,
    step: status?.step,
    lastRun: [status?.lastRun?.revision, status?.lastRun?.outcome],
    history: status?.history?.map(({ revision, outcome }) => [revision, outcome]),
    archived: status?.history?.map(({ archive }) => archive !== undefined),
    gates: status?.gates?.map(({ name, verdict }) => [name, verdict]),
    conditions: status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    deployments: names((await client.list(deployments, { namespace })).items),
    services: names((await client.list(services, { namespace })).items),
    verdicts: records.map(({ metadata }) => [metadata.name, metadata.annotations?.[ANNOTATION.verdict]]).toSorted(),
    slots: route && readSlots(route, CANARY)?.toSorted((a, b) => b.weight - a.weight),
    annotations: [ANNOTATION.stable, ANNOTATION.rejected].map((key) => route?.metadata.annotations?.[key]),
  };
}
