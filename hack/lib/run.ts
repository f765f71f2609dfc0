import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { dirname } from "node:path";
import { onInterrupt } from "./interrupt.ts";

const tailLines = 25;

export interface RunOptions {
  readonly cwd?: string;
  /** Variables on top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the command reads from stdin; nothing without it. */
  readonly input?: string | Uint8Array;
  /** A file to which stdout and stderr are appended as they come. */
  readonly log?: string;
  /** Shows the command's output as it comes, instead of capturing it. */
  readonly show?: boolean;
}

export class CommandError extends Error {
  readonly exitCode: number | null;
  constructor(command: string, exitCode: number | null, outcome: string, tail: string) {
    super(`\`${command}\` ${outcome}${tail === "" ? "" : `:\n${tail}`}`);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

/** Runs a command to its end and returns its stdout. Throws a CommandError with the tail of its output if it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const line = [command, ...args].join(" ");
  const log = options.log === undefined ? undefined : openLog(options.log, line);
  const child = spawn(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    // A group of its own, so that an interrupt ends the command's own children as well.
    detached: true,
    stdio: options.show ? ["ignore", "inherit", "inherit"] : ["pipe", "pipe", "pipe"],
  });
  let stopped = false;
  const forget = onInterrupt(() => {
    stopped = true;
    return endGroup(child);
  });
  try {
    return await outputOf(child, line, options.input, log);
  } catch (error) {
    // Stopped by the interrupt that ends this process: that is no failure to report.
    if (stopped) return await new Promise<never>(() => undefined);
    throw error;
  } finally {
    forget();
    log?.end();
  }
}

function openLog(file: string, line: string): WriteStream {
  mkdirSync(dirname(file), { recursive: true });
  const log = createWriteStream(file, { flags: "a" });
  log.write(`$ ${line}\n`);
  return log;
}

function outputOf(
  child: ChildProcess,
  line: string,
  input: string | Uint8Array | undefined,
  log: WriteStream | undefined,
): Promise<string> {
  const stdout: Buffer[] = [];
  let recent = "";
  const seen = (chunk: Buffer): void => {
    log?.write(chunk);
    recent = (recent + chunk.toString()).split("\n").slice(-tailLines).join("\n");
  };
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    seen(chunk);
  });
  child.stderr?.on("data", seen);
  // A command may end before it has read its input; its exit code says what that means.
  child.stdin?.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new CommandError(line, null, `could not be started (${error.message})`, "")));
    child.once("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString());
      else
        reject(new CommandError(line, code, signal ? `was ended by ${signal}` : `failed with ${code}`, recent.trim()));
    });
  });
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch {
    return;
  }
  const impatient = setTimeout(() => killGroup(child), 5000);
  await ended;
  clearTimeout(impatient);
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended on its own in the meantime.
  }
}
