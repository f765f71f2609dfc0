import { weightIn } from "../../../traffic/slots.ts";
import type { Observed, ObservedDeployment } from "../observed.ts";
import { servingContainer } from "./model.ts";

/**
 * Why an arm whose pods are Ready gets no request yet, in words; undefined when it may get some. A container without a
 * readinessProbe is Ready as soon as it runs, and a Service may lead to the wrong port: so it is asked once before it
 * serves anybody. Where nothing can be heard from the manager's place the kubelet's word is taken, if it asks at all.
 */
export function coldReason({ canary, arms, route }: Observed, revision: string): string | undefined {
  const { answer, deployment, isExternal } = arms.get(revision) ?? {};
  if (route?.slots !== undefined && weightIn(route.slots, revision) > 0) return undefined;
  if (answer === undefined) return `not asked yet whether ${isExternal ? "it answers" : "they answer"}`;
  if (answer.type === "Confirmed") return undefined;
  if (answer.type === "Denied") return answer.words;
  if (isAskedByKubelet(deployment, canary.spec.serving.modelEnv)) return undefined;
  if (isExternal) return `${answer.words}: let the manager reach it (a NetworkPolicy may forbid it)`;
  return `${answer.words}: let the manager reach it (a NetworkPolicy may forbid it), or give the container a readinessProbe`;
}

function isAskedByKubelet(deployment: ObservedDeployment | undefined, modelEnv: string): boolean {
  const template = deployment?.object.spec?.template;
  return template !== undefined && servingContainer(template, modelEnv)?.readinessProbe !== undefined;
}
