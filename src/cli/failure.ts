import type * as z from "zod";

/** What a person did or has that keeps a command from its work, in one line: what, where, what to do. Exit code 1. */
export class Failure extends Error {
  override readonly name: string = "Failure";
}

/** The command line itself is wrong. Exit code 2. */
export class UsageError extends Failure {
  override readonly name = "UsageError";
}

/** What a schema found wrong, by path, in one line. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${fieldPath(path)}: ${message}`).join("; ");
}

/** `["spec", "steps", 0, "weight"]` as `spec.steps[0].weight`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
