import { tmpdir } from "node:os";
import { inject } from "vitest";
import { runCli } from "../../../src/cli/cli.ts";

/** `dpo ARGS` as somebody who stands before this cluster. */
export async function dpo(...args: readonly string[]) {
  const said = { stdout: "", stderr: "" };
  const code = await runCli(args, {
    cwd: tmpdir(),
    home: tmpdir(),
    environment: { KUBECONFIG: inject("kubeconfig") },
    stdin: (async function* () {})(),
    print: (text) => {
      said.stdout += text;
    },
    note: (text) => {
      said.stderr += text;
    },
  });
  return { code, ...said };
}
