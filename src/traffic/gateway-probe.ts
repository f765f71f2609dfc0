import { EPOCH_HEADER } from "../api/v1alpha1/metadata.ts";
import type { Client } from "../kube/client.ts";
import { isForbidden } from "../kube/errors.ts";
import type { Gateway, HTTPRoute, ParentReference } from "../kube/gateway-api.ts";
import type { Stored } from "../kube/object.ts";
import { gateways } from "../kube/resource.ts";
import { targetsOf } from "./gateway-targets.ts";
import type { Finding } from "./inquiries.ts";
import type { Probe, ProbeTarget } from "./probe.ts";

export interface GatewayAccess {
  readonly client: Pick<Client, "get">;
  readonly probe: Probe;
}

/** So many answers in a row: with two proxies of which one is behind, one time in a thousand none would be of that one. */
const ANSWERS = 10;
const MOST_FAILURES = 3;

/**
 * Whether answers show this epoch at every Gateway of the route. One that answers with another one outweighs one that does
 * not answer: the weights before are served.
 */
export async function askGateways(
  { metadata, spec }: Stored<HTTPRoute>,
  epoch: string,
  access: GatewayAccess,
  signal: AbortSignal,
): Promise<Finding> {
  const ask = async (parent: ParentReference) => {
    const namespace = parent.namespace ?? metadata.namespace;
    // One for each, since Node warns of a signal that more than ten listen to.
    const own = AbortSignal.any([signal]);
    const found = await askGateway({ ...parent, namespace }, spec.hostnames ?? [], epoch, access, own);
    return found.type === "Confirmed"
      ? found
      : { ...found, words: `Gateway ${namespace}/${parent.name} ${found.words}` };
  };
  const found = await Promise.all((spec.parentRefs ?? []).map(ask));
  return first(found, "Denied") ?? first(found, "Unanswered") ?? { type: "Confirmed" };
}

/** An address or listener that tells nothing is passed over as long as another one does. */
async function askGateway(
  { namespace, name, sectionName }: ParentReference,
  hostnames: readonly string[],
  epoch: string,
  { client, probe }: GatewayAccess,
  signal: AbortSignal,
): Promise<Finding> {
  let gateway: Gateway | undefined;
  try {
    gateway = await client.get(gateways, { namespace, name }, signal);
  } catch (error) {
    return unanswered(unreadable(error));
  }
  if (gateway === undefined) return unanswered("does not exist");
  const targets = targetsOf(gateway, { sectionName, hostnames });
  if (targets.length === 0)
    return unanswered("has no address in its status, or no HTTP listener that takes the route's host names");
  const found = await Promise.all(targets.map((target) => askTarget(target, epoch, probe, signal)));
  return (
    first(found, "Denied") ?? first(found, "Confirmed") ?? first(found, "Unanswered") ?? unanswered("says nothing")
  );
}

/** One request after the other, so that a slow gateway has one of them at most. */
async function askTarget(target: ProbeTarget, epoch: string, probe: Probe, signal: AbortSignal): Promise<Finding> {
  const where = `at ${target.address} port ${target.port}`;
  let [carrying, blank, failures] = [0, 0, 0];
  while (carrying + blank < ANSWERS) {
    try {
      const { headers } = await probe(target, signal);
      if (headers[EPOCH_HEADER] === undefined) blank += 1;
      else if (headers[EPOCH_HEADER] === epoch) carrying += 1;
      else return { type: "Denied", words: `still answers with the weights before, ${where}` };
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      if (failures === MOST_FAILURES) return unanswered(`gives no answer ${where}: ${messageOf(error)}`);
    }
  }
  if (blank === 0) return { type: "Confirmed" };
  if (carrying === 0) return unanswered(`answers without the header ${EPOCH_HEADER} ${where}`);
  return { type: "Denied", words: `does not answer with the new weights every time, ${where}` };
}

function unreadable(error: unknown): string {
  if (!isForbidden(error)) return `cannot be read: ${messageOf(error)}`;
  return "may not be read by the manager: it needs get on gateways.gateway.networking.k8s.io";
}

function first(findings: readonly Finding[], type: Finding["type"]): Finding | undefined {
  return findings.find((finding) => finding.type === type);
}

function unanswered(words: string): Finding {
  return { type: "Unanswered", words };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
