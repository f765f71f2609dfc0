import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** How many tests of a ring passed, failed and were skipped. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Where to look, and why, a line each: a test with its file, a check, a file that does not load. */
  readonly failures: readonly string[];
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Why it does not load. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Of what a test says as it fails: whoever sees only the end of a long output has to make do with it. */
const REASON_LENGTH = 500;

export function sum(outcomes: readonly Outcome[]): Outcome {
  const count = (of: "passed" | "failed" | "skipped") => outcomes.reduce((total, outcome) => total + outcome[of], 0);
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
    failures: outcomes.flatMap((outcome) => outcome.failures),
  };
}

/** The last lines of all: what failed, then how many. */
export function summary({ passed, failed, skipped, failures }: Outcome): string {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [...failures.map((failure) => `✗ ${failure}`), counts].join("\n");
}

/** Reads Vitest's JSON report. A run that failed as a whole (a file that does not load, no report) is one failure. */
export function readReport(file: string): Outcome {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [`no readable report in ${file}`] };
  }
  return {
    passed: report.numPassedTests,
    failed: report.success ? 0 : Math.max(report.numFailedTests, 1),
    skipped: report.numPendingTests + report.numTodoTests,
    failures: report.testResults.filter(({ status }) => status === "failed").flatMap(failuresIn),
  };
}

function failuresIn({ name, message, assertionResults }: VitestReport["testResults"][number]): readonly string[] {
  const failed = assertionResults.filter(({ status }) => status === "failed");
  if (failed.length === 0) return [`${name}: does not load${because(message)}`];
  return failed.map(({ fullName, failureMessages }) => `${name}: ${fullName}${because(failureMessages?.[0])}`);
}

/** Without the stack that follows the words. */
function because(error: string | undefined): string {
  const [words = ""] = stripVTControlCharacters(error ?? "").split(/\n\s+at /);
  const line = words.replace(/\s+/g, " ").trim();
  return line === "" ? "" : `: ${line.slice(0, REASON_LENGTH)}`;
}
