import type { Finding } from "./inquiries.ts";
import type { Probe, ProbeTarget } from "./probe.ts";

/** A server that knows the path or not, or wants a credential, or only takes POST (501), can answer requests. */
const NOT_IMPLEMENTED = 501;
/** Of what keeps packets away; a server that is not there yet refuses. */
const SILENCE = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** Whether an arm answers requests through its own Service. */
export async function askArm(target: ProbeTarget, probe: Probe, signal: AbortSignal): Promise<Finding> {
  const where = `its Service (${target.address} port ${target.port})`;
  try {
    const { status } = await probe(target, signal);
    if (status < 500 || status === NOT_IMPLEMENTED) return { type: "Confirmed" };
    return { type: "Denied", words: `${where} answers a GET with ${status}` };
  } catch (error) {
    const { message, code = "" } = error as Error & { readonly code?: string };
    const words = `${where} does not answer: ${message || code}`;
    return { type: SILENCE.has(code) ? "Unanswered" : "Denied", words };
  }
}
