import { expect, test } from "vitest";
import type { BlindPair } from "../../../src/api/contracts/collector-api.ts";
import type { PairResult } from "../../../src/judge/metrics.ts";
import { startShift } from "../../../src/judge/shift.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

function pair(id: string): BlindPair {
  return { id, lease: id, prompt: "", a: "", b: "", expiresAt: "2026-01-01T00:00:00Z" };
}

/** A queue of a thousand pairs, and a judge that comes to these results, the last one again and again. */
function shiftOf(...results: PairResult[]) {
  const clock = createFakeClock();
  const leases: { at: number; count: number }[] = [];
  const counted: PairResult[] = [];
  let next = 0;
  const shift = startShift({
    clock,
    random: () => 0.5,
    logger: silentLogger(),
    async lease(count) {
      leases.push({ at: clock.monotonic(), count });
      const left = 1_000 - counted.length;
      return Array.from({ length: Math.min(count, left) }, (_, index) => pair(`${leases.length}-${index}`));
    },
    async judge() {
      return results[Math.min(next++, results.length - 1)] ?? "Tie";
    },
    count: (result) => counted.push(result),
  });
  return { clock, leases, counted, shift };
}

test("a judge that understands nothing takes ever fewer pairs, so that it does not empty the queue", async () => {
  const { clock, counted, shift } = shiftOf("Unclear");
  await clock.advance(600_000);
  // Four at the most in every half minute, once it is as slow as it gets.
  expect(counted.length).toBeGreaterThan(20);
  expect(counted.length).toBeLessThan(120);
  void shift.close();
});

test("a collector that gives no pairs is asked every two seconds; one that fails, ever more seldom", async () => {
  const clock = createFakeClock();
  const asked: number[] = [];
  let fails = false;
  const shift = startShift({
    clock,
    random: () => 0.5,
    logger: silentLogger(),
    async lease() {
      asked.push(clock.monotonic());
      if (fails) throw new Error("no");
      return [];
    },
    judge: () => expect.unreachable(),
    count: () => expect.unreachable(),
  });
  await clock.advance(5_000);
  expect(asked).toEqual([0, 2_000, 4_000]);
  fails = true;
  await clock.advance(5_000);
  expect(asked.slice(3)).toEqual([6_000, 6_200, 6_600, 7_400, 9_000]);
  void shift.close();
});
