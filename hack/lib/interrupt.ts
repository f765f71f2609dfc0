import { constants } from "node:os";

type Cleanup = () => void | Promise<void>;

/** npm and the terminal may both deliver the same Ctrl-C: a signal this soon after the first is the first again. */
const sameSignalMs = 1000;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const cleanups: Cleanup[] = [];
let interruptedAt: number | undefined;

/**
 * Has `cleanup` run if the process is told to end (Ctrl-C, SIGTERM, SIGHUP), the last registered first.
 * Returns a function that takes it back. A second Ctrl-C ends the process without waiting.
 */
export function onInterrupt(cleanup: Cleanup): () => void {
  if (cleanups.length === 0) for (const signal of signals) process.on(signal, interrupted);
  cleanups.push(cleanup);
  return () => {
    const at = cleanups.indexOf(cleanup);
    if (at >= 0) cleanups.splice(at, 1);
    if (cleanups.length === 0) for (const signal of signals) process.off(signal, interrupted);
  };
}

async function interrupted(signal: NodeJS.Signals): Promise<void> {
  const exitCode = 128 + constants.signals[signal];
  if (interruptedAt !== undefined) {
    if (performance.now() - interruptedAt > sameSignalMs) process.exit(exitCode);
    return;
  }
  interruptedAt = performance.now();
  for (const cleanup of cleanups.toReversed()) {
    try {
      await cleanup();
    } catch (error) {
      process.stderr.write(`while cleaning up: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  process.exit(exitCode);
}
