import { readFileSync } from "node:fs";

const CAP_SYS_RESOURCE = 24n;

/** True where even root cannot have CAP_SYS_RESOURCE, as in some sandboxes: `docker run --privileged` asks for it and fails. */
export function lacksSysResource(status = readFileSync("/proc/self/status", "utf8")): boolean {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (bounding === undefined) throw new Error("/proc/self/status has no CapBnd line: is /proc mounted?");
  return ((BigInt(`0x${bounding}`) >> CAP_SYS_RESOURCE) & 1n) === 0n;
}
