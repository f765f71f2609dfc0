import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { digestSchema } from "../../artifacts/digest.ts";
import type { Service } from "../../kube/built-in.ts";
import type { ServiceInputs } from "./revision.ts";

export type External = NonNullable<PreferenceCanary["spec"]["serving"]["external"]>;

/** What an arm of `serving.external` serves. */
export function externalInputs({ service, port, digest }: External["stable"]): ServiceInputs {
  return { model: { digest: digestSchema.parse(digest), origin: { type: "Spec" } }, service, port };
}

/** Which pods requests for an arm go to. */
export interface Backing {
  readonly selector: Readonly<Record<string, string>>;
  readonly port: { readonly targetPort: number | string; readonly appProtocol?: string };
}

/** The pods that their Service selects, and the port of theirs that its port leads to; or why nobody can say, in words. */
export function backingOf({ service, port }: ServiceInputs, theirs: Service | undefined): Backing | string {
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
