import { expect, it } from "vitest";
import { createRollbacks } from "../../../../src/controllers/preferencecanary/rollbacks.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";

it("rollbacks are under way from the first one's beginning to the last one's end, failed or not", async () => {
  const { during, areUnderWay } = createRollbacks(createFakeClock());
  const [one, other] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  expect(areUnderWay()).toBe(false);
  const first = during(() => one.promise);
  const second = during(() => other.promise);
  expect(areUnderWay()).toBe(true);
  one.resolve("written");
  expect(await first).toBe("written");
  expect(areUnderWay()).toBe(true);
  other.reject(new Error("refused"));
  await expect(second).rejects.toThrow("refused");
  expect(areUnderWay()).toBe(false);
});

it("rollbacks hold nobody up for longer than five seconds, and the next ones may again", async () => {
  const clock = createFakeClock();
  const { during, areUnderWay } = createRollbacks(clock);
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = during(() => promise);
  await clock.advance(4_999);
  expect(areUnderWay()).toBe(true);
  await clock.advance(1);
  void during(() => promise);
  expect(areUnderWay()).toBe(false);
  resolve();
  await slow;
  void during(() => new Promise(() => undefined));
  expect(areUnderWay()).toBe(true);
});
