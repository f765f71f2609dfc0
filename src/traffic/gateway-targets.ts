import type { Gateway } from "../kube/gateway-api.ts";
import type { ProbeTarget } from "./probe.ts";

/** What a route asks of one of its Gateways. */
export interface Attachment {
  readonly sectionName?: string | undefined;
  readonly hostnames: readonly string[];
}

/** A Gateway may have a thousand listeners and addresses: these are enough to learn from. */
const MOST = 8;
/** Takes the place of the `*` of a host name. */
const ANY = "dpo-probe";

/** Every address and listener at which a Gateway serves a route by HTTP; none while it has no address. */
export function targetsOf({ spec, status }: Gateway, { sectionName, hostnames }: Attachment): readonly ProbeTarget[] {
  const addresses = (status?.addresses ?? []).filter(({ type = "IPAddress" }) => /^(IPAddress|Hostname)$/.test(type));
  const doors = spec.listeners
    .filter(({ name, protocol }) => (sectionName ?? name) === name && /^HTTPS?$/.test(protocol))
    .flatMap(({ port, protocol, hostname }) => {
      const host = hostOf(hostname || "*", hostnames);
      return host === undefined ? [] : [{ port, isTls: protocol === "HTTPS", host }];
    });
  return addresses.flatMap(({ value }) => doors.map((door) => ({ address: value, ...door }))).slice(0, MOST);
}

/** A host name of the route's that the listener takes, with a word for `*`; undefined when it takes none of them. */
function hostOf(listener: string, hostnames: readonly string[]): string | undefined {
  const wanted = hostnames.length > 0 ? hostnames : ["*"];
  const [host] = wanted.flatMap((name) => {
    if (isWithin(name, listener)) return [name];
    return isWithin(listener, name) ? [listener] : [];
  });
  return host?.replace("*", ANY);
}

/** "a.example.com" and "*.a.example.com" are within "*.example.com", and everything within "*". */
function isWithin(name: string, other: string): boolean {
  return name === other || (other.startsWith("*") && name.endsWith(other.slice(1)));
}
