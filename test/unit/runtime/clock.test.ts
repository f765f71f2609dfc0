import { describe, expect, test, vi } from "vitest";
import { sleep, systemClock, withDeadline } from "../../../src/runtime/clock.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";

describe("the system clock", () => {
  test("never fires early", async () => {
    for (let i = 0; i < 20; i += 1) {
      const start = systemClock.monotonic();
      await sleep(systemClock, 1.5);
      expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(1.5);
    }
  });

  test("waits for thirty days, which Node's own timer does not", () => {
    const callback = vi.fn();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      systemClock.setTimeout(callback, 30 * 86_400_000);
      vi.advanceTimersByTime(29 * 86_400_000);
      expect(callback).not.toHaveBeenCalled();
      vi.advanceTimersByTime(86_400_001);
      expect(callback).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("sleep", () => {
  test("ends with the signal's reason and leaves no timer", async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 1000, controller.signal);
    controller.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    expect(clock.pending()).toBe(0);
    await expect(sleep(clock, 1, controller.signal)).rejects.toThrow("enough");
  });
});

describe("a deadline", () => {
  test("aborts the work and says after how long", async () => {
    const clock = createFakeClock();
    const work = withDeadline(clock, 500, (signal) => sleep(clock, 1000, signal));
    const outcome = expect(work).rejects.toThrow("not done in 500 ms");
    await clock.advance(500);
    await outcome;
  });
});
