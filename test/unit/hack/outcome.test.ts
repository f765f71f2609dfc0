import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readReport, sum, summary } from "../../../hack/test/outcome.ts";
import { temporaryFolder } from "./node-child.ts";

describe("readReport", () => {
  function report(content: object | string): string {
    const file = join(temporaryFolder(), "report.json");
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  }
  const counts = { numPassedTests: 4, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] };
  const passes = { fullName: "adds", status: "passed" };
  const failureMessages = [
    "Error: died at \u001b[31mwrite\u001b[39m 3:\n  gates: Undecided\n    at sum.test.ts:3:1\n    at x",
  ];
  const fails = { fullName: "adds up", status: "failed", failureMessages };

  test("counts what passed, failed and did not run", () => {
    const found = readReport(report({ ...counts, success: true }));
    expect(found).toEqual({ passed: 4, failed: 0, skipped: 2, failures: [] });
    expect(readReport(report({ ...counts, numFailedTests: 3, success: false }))).toMatchObject({ failed: 3 });
  });

  test("names each test that failed, its file, and why in a line", () => {
    const testResults = [
      { name: "sum.test.ts", status: "failed", assertionResults: [passes, fails] },
      { name: "fine.test.ts", status: "passed", assertionResults: [passes] },
    ];
    const found = readReport(report({ ...counts, numFailedTests: 1, success: false, testResults }));
    expect(found.failures).toEqual(["sum.test.ts: adds up: Error: died at write 3: gates: Undecided"]);
  });

  test("counts a file that does not load as a failure", () => {
    const message = "Cannot find module 'sums.ts'";
    const testResults = [{ name: "sum.test.ts", status: "failed", message, assertionResults: [] }];
    const found = readReport(report({ ...counts, success: false, testResults }));
    const failures = ["sum.test.ts: does not load: Cannot find module 'sums.ts'"];
    expect(found).toMatchObject({ passed: 4, failed: 1, failures });
  });

  test("counts a run without a whole report as a failure", () => {
    for (const file of [report("{"), "/no/such/report.json"]) {
      const failures = [`no readable report in ${file}`];
      expect(readReport(file)).toEqual({ passed: 0, failed: 1, skipped: 0, failures });
    }
  });
});

test("the last lines name what failed, and the very last sums the rings", () => {
  expect(summary(sum([]))).toBe("0 passed, 0 failed");
  const rings = [
    { passed: 2, failed: 0, skipped: 0, failures: [] },
    { passed: 3, failed: 1, skipped: 2, failures: ["formatter"] },
  ];
  expect(summary(sum(rings))).toBe("✗ formatter\n5 passed, 1 failed, 2 skipped");
});
