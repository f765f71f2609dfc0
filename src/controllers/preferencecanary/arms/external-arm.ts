import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import { digestSchema } from "../../../artifacts/digest.ts";
import type { Service } from "../../../kube/built-in.ts";
import { covers } from "../../../runtime/covers.ts";
import type { Backing, Observed } from "../observed.ts";
import type { ServiceInputs } from "./revision.ts";

export type External = NonNullable<PreferenceCanary["spec"]["serving"]["external"]>;

/** What an arm of `serving.external` serves. */
export function externalInputs({ service, port, digest }: External["stable"]): ServiceInputs {
  return { model: { digest: digestSchema.parse(digest), origin: { type: "Spec" } }, service, port };
}

/** What is behind an arm's Service, beside the arm that is stable; or why there can be no such arm, in words. */
export function backingIn(
  { records, foreign }: Pick<Observed, "records" | "foreign">,
  inputs: ServiceInputs,
  stable: string | undefined,
): Backing | string {
  const theirs = foreign.get(inputs.service);
  const standing = stable === undefined ? undefined : records.get(stable);
  const serving = standing !== undefined && "service" in standing ? foreign.get(standing.service) : undefined;
  const isSame = serving?.metadata?.name === inputs.service;
  return (theirs && serving && !isSame ? overlap(serving, theirs) : undefined) ?? backingOf(inputs, theirs);
}

/**
 * Why two Services cannot be two arms: pods of one are pods of the other, and users would be served by a candidate whatever
 * its weight is. Selectors of which neither says more than the other are taken for two sets of pods.
 */
function overlap(one: Service, other: Service): string | undefined {
  const [mine, theirs] = [one.spec?.selector ?? {}, other.spec?.selector ?? {}];
  if (!covers(mine, theirs) && !covers(theirs, mine)) return undefined;
  return `Services ${one.metadata?.name} and ${other.metadata?.name} select some pods both: give the pods of each a label that only its own Service selects`;
}

/** The pods that their Service selects, and the port of theirs that its port leads to; or why nobody can say, in words. */
export function backingOf(
  { service, port }: Pick<ServiceInputs, "service" | "port">,
  theirs: Service | undefined,
): Backing | string {
  if (theirs === undefined) return `there is no Service ${service} in this namespace`;
  const { selector = {}, ports = [] } = theirs.spec ?? {};
  if (Object.keys(selector).length === 0)
    return `Service ${service} has no selector, so nobody can tell which pods are behind it`;
  const found = ports.find((each) => each.port === port);
  if (found === undefined)
    return `Service ${service} has no port ${port}: it has ${ports.map((each) => each.port).join(", ")}`;
  const { targetPort = port, appProtocol } = found;
  return { selector, port: { targetPort, ...(appProtocol && { appProtocol }) } };
}
