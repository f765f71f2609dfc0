import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

const tailLength = 2000;

/** A program that serves in the background, in a process group of its own. */
export interface Server {
  /** Rejects with the end of the log when the program ends. */
  readonly ended: Promise<never>;
  /** Sends SIGKILL to the group and returns at once. */
  killNow(): void;
  /** Returns when it is gone. */
  kill(): Promise<void>;
}

/** Starts a program with its output in a log file. The kernel kills it if this process ends, however that comes. */
export function startServer(command: string, args: readonly string[], log: string): Server {
  const output = openSync(log, "a");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", command, ...args], {
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(`ended with ${code ?? signal}`));
  });
  const ended = exited.then((how) => {
    throw new Error(`${command} ${how}:\n${readFileSync(log, "utf8").slice(-tailLength)}`);
  });
  // Whoever waits for the server sees this; after a kill nobody does, and that is no unhandled rejection.
  ended.catch(() => undefined);
  return {
    ended,
    killNow: () => killGroup(child),
    async kill() {
      killGroup(child);
      await exited;
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, "SIGKILL");
}
