import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../../hack/lib/run.ts";
import { printed, startNode, temporaryFolder } from "./node-child.ts";

describe("run", () => {
  test("returns stdout, gives the input, and logs both streams", async () => {
    const log = join(temporaryFolder(), "logs", "run.log");
    expect(await run("sh", ["-c", "cat; echo noise >&2"], { input: "hello\n", log })).toBe("hello\n");
    await expect.poll(() => readFileSync(log, "utf8")).toMatch(/^\$ sh -c .*\n/);
    await expect.poll(() => readFileSync(log, "utf8")).toContain("hello\n");
    await expect.poll(() => readFileSync(log, "utf8")).toContain("noise\n");
  });

  test("throws the command, its exit code and the end of what it printed", async () => {
    const failing = run("sh", ["-c", "seq 1000; echo wrong flag >&2; exit 3"]);
    await expect(failing).rejects.toMatchObject({ name: "CommandError", exitCode: 3 });
    const message = await failing.catch((error: Error) => error.message);
    expect(message).toMatch(/^`sh -c seq 1000; .*` failed with 3:\n/);
    expect(message).toContain("wrong flag");
    expect(message).not.toContain("\n900\n");
  });

  test("says that a program is missing", async () => {
    await expect(run("no-such-program", [])).rejects.toThrow("`no-such-program` could not be started");
  });

  test("ends the command with all its children when this process is interrupted", async () => {
    const mark = join(temporaryFolder(), "alive");
    const parent = startNode(`
      const { run } = await import(lib + "/run.ts");
      setTimeout(() => console.log("running"), 500);
      await run("sh", ["-c", "(sleep 2; touch ${mark}) & wait"]);
    `);
    await printed(parent, "running");
    parent.kill("SIGTERM");
    expect(await once(parent, "exit")).toEqual([143, null]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(existsSync(mark)).toBe(false);
  });
});
