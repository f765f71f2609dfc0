import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const lib = join(import.meta.dirname, "..", "..", "..", "hack", "lib");

/** A temporary folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "dpo-hack-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a Node process of its own on some code, with hack/lib as `lib`. */
export function startNode(code: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, ["--input-type=module", "-e", `const lib = ${JSON.stringify(lib)};\n${code}`], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Waits until the process has printed this. */
export async function printed(child: ChildProcess, text: string): Promise<void> {
  let output = "";
  for await (const chunk of child.stdout ?? []) {
    output += chunk;
    if (output.includes(text)) return;
  }
  throw new Error(`the process ended without printing ${text}: ${output}`);
}

/** Kills the process as nothing can be caught or cleaned up after. */
export async function killHard(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
