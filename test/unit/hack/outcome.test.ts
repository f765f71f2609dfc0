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
  const counts = { numPassedTests: 4, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 };

  test("counts what passed, failed and did not run", () => {
    expect(readReport(report({ ...counts, success: true }))).toEqual({ passed: 4, failed: 0, skipped: 2 });
    expect(readReport(report({ ...counts, numFailedTests: 3, success: false }))).toMatchObject({ failed: 3 });
  });

  test("counts a file that does not load as a failure", () => {
    expect(readReport(report({ ...counts, success: false }))).toMatchObject({ passed: 4, failed: 1 });
  });

  test("counts a run without a whole report as a failure", () => {
    expect(readReport(report("{"))).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(readReport("/no/such/report.json")).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

test("the last line sums the rings and names skipped tests only where there are some", () => {
  expect(summary(sum([]))).toBe("0 passed, 0 failed");
  const rings = [
    { passed: 2, failed: 0, skipped: 0 },
    { passed: 3, failed: 1, skipped: 2 },
  ];
  expect(summary(sum(rings))).toBe("5 passed, 1 failed, 2 skipped");
});
