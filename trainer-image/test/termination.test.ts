import { expect, test } from "vitest";
import { failure } from "../src/termination.ts";

test("a failure fits into a termination message, whatever it quotes", () => {
  for (const text of ["short", "\u0000".repeat(9000), "🙂".repeat(9000)]) {
    const written = JSON.stringify(failure("Internal", text));
    expect(Buffer.byteLength(written)).toBeLessThanOrEqual(4096);
    expect(JSON.parse(written).error.reason).toBe("Internal");
  }
  expect(failure("Internal", "short").error.message).toBe("short");
});
