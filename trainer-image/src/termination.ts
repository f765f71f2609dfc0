import { writeFile } from "node:fs/promises";

/** What Kubernetes keeps of a termination message. */
const limitBytes = 4096;

/** Writes how a role ended to where its pod's status takes it from. */
export async function writeTermination(file: string, outcome: object): Promise<void> {
  await writeFile(file, JSON.stringify(outcome));
}

/** The outcome of a failure, its message cut so that the whole stays within Kubernetes' limit. */
export function failure<Reason extends string>(
  reason: Reason,
  message: string,
): { error: { reason: Reason; message: string } } {
  const outcome = { error: { reason, message } };
  if (Buffer.byteLength(JSON.stringify(outcome)) <= limitBytes) return outcome;
  // A character is at most 6 bytes of JSON (\u0000).
  return { error: { reason, message: `${message.slice(0, Math.floor((limitBytes - 256) / 6))}…` } };
}
