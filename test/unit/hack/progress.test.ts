import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { duration, showProgressOn, step } from "../../../hack/lib/progress.ts";

describe("step, where output goes to a log", () => {
  let output: string;
  beforeEach(() => {
    output = "";
    vi.useFakeTimers();
    vi.stubGlobal("process", Object.create(process, { stdout: { value: { isTTY: false, write } } }));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  function write(text: string): void {
    output += text;
  }

  test("prints one line for a short one", async () => {
    expect(await step("short", async () => 7)).toBe(7);
    expect(output).toBe("✓ short 0.0 s\n");
  });

  test("says after two seconds, and then every thirty, that it goes on", async () => {
    const done = step("long", () => new Promise((resolve) => setTimeout(resolve, 65_000)));
    await vi.advanceTimersByTimeAsync(65_000);
    await done;
    expect(output.split("\n")).toEqual(["… long 2.0 s", "… long 32.0 s", "… long 1 min 2 s", "✓ long 1 min 5 s", ""]);
  });

  test("speaks for the innermost step only", async () => {
    const done = step("outer", () => step("inner", () => new Promise((resolve) => setTimeout(resolve, 3000))));
    await vi.advanceTimersByTimeAsync(3000);
    await done;
    expect(output.split("\n")).toEqual(["… inner 2.0 s", "✓ inner 3.0 s", "✓ outer 3.0 s", ""]);
  });

  test("leaves stdout to the script while it is shown on stderr", async () => {
    const beside: string[] = [];
    const stderr = { isTTY: false, write: (text: string) => beside.push(text) };
    vi.stubGlobal("process", Object.create(process, { stderr: { value: stderr } }));
    showProgressOn("stderr");
    await step("before", async () => undefined);
    showProgressOn("stdout");
    await step("after", async () => undefined);
    expect([output, beside]).toEqual(["✓ after 0.0 s\n", ["✓ before 0.0 s\n"]]);
  });

  test("marks a step that fails and passes its error on", async () => {
    await expect(step("bad", async () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(output).toBe("✗ bad 0.0 s\n");
  });
});

test.each([
  [0, "0.0 s"],
  [59_940, "59.9 s"],
  [59_960, "1 min 0 s"],
  [211_400, "3 min 31 s"],
])("%d ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
