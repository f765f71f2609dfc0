import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runCli } from "../../../src/cli/cli.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Machine {
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

/** `dpo ARGS` in this process. */
export async function dpo(
  args: readonly string[],
  { cwd = tmpdir(), stdin = "", ...rest }: Machine = {},
): Promise<Outcome> {
  const said = { stdout: "", stderr: "" };
  const code = await runCli(args, {
    cwd,
    home: cwd,
    environment: rest.environment ?? {},
    stdin: oneByOne(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin),
    print: (text) => {
      said.stdout += text;
    },
    note: (text) => {
      said.stderr += text;
    },
  });
  return { code, ...said };
}

/** As a slow pipe gives them: what is read must not depend on where chunks end. */
async function* oneByOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

/** A folder with these files, until the test is over. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "dpo-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}
