import { execFile } from "node:child_process";
import { symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith } from "./run-dpo.ts";

const root = join(import.meta.dirname, "../../..");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

function node(args: readonly string[], environment: Environment = {}, cwd = root): Promise<Ended> {
  return execute(process.execPath, args, environment, cwd);
}

function execute(command: string, args: readonly string[], environment: Environment, cwd: string): Promise<Ended> {
  const { npm_lifecycle_event: _, INIT_CWD: __, ...inherited } = process.env;
  const options = { cwd, env: { ...inherited, ...environment } };
  return new Promise((resolve) =>
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    ),
  );
}

const replay = ["replay", "recorded.csv", "--json"];
const recorded = { "recorded.csv": "preference\n2\n1\n" };

describe("the command line as a process", () => {
  test("by npm, which works in the folder of package.json, finds a file from where the user stands", async () => {
    const environment = { npm_lifecycle_event: "dpo", INIT_CWD: folderWith(recorded) };
    const { code, stdout } = await node(["hack/bootstrap.mjs", "src/cli/main.ts", ...replay], environment);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ samples: 2 }]]);
  });

  test("without npm stands where it is called, whatever an npm around it says", async () => {
    const cwd = folderWith(recorded);
    const { code, stdout } = await node([join(root, "src/cli/main.ts"), ...replay], { INIT_CWD: root }, cwd);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ samples: 2 }]]);
  });

  test("as a kubectl plugin, by a link", async () => {
    const cwd = folderWith(recorded);
    symlinkSync(join(root, "hack/kubectl-dpo"), join(cwd, "kubectl-dpo"));
    const environment = { PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    const { code, stdout } = await execute("./kubectl-dpo", replay, environment, cwd);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ samples: 2 }]]);
  });

  test.each([
    [["replay", "absent.csv"], 1],
    [["replay"], 2],
    [[], 2],
  ])("%j ends with %d and one line on stderr", async (args, expected) => {
    const { code, stdout, stderr } = await node(["hack/bootstrap.mjs", "src/cli/main.ts", ...args]);
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
  });
});
