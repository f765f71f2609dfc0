import { describe, expect, it } from "vitest";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { createPace } from "../../../src/runtime/pace.ts";

describe("a pace of ten a second", () => {
  const started = () => {
    const clock = createFakeClock();
    return { clock, pace: createPace(clock, 10) };
  };

  it("gives a second's worth at once, and every further turn a tenth of a second later", () => {
    const { pace } = started();
    const turns = Array.from({ length: 13 }, () => pace.take());
    expect(turns.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(turns.slice(10)).toEqual([100, 200, 300]);
    expect(pace.freeInMs()).toBe(400);
  });

  it("is as at the beginning after a second in which nobody came", async () => {
    const { clock, pace } = started();
    for (let taken = 0; taken < 10; taken += 1) pace.take();
    await clock.advance(1_000);
    expect(Array.from({ length: 11 }, () => pace.take())).toEqual([...Array.from({ length: 10 }, () => 0), 100]);
  });
});
