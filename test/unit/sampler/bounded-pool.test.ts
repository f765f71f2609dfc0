import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { boundedPool } from "../../../src/sampler/bounded-pool.ts";

test("so many are under way at a time, so many wait, and the rest is refused", async () => {
  let underWay = 0;
  let most = 0;
  const done: number[] = [];
  const pool = boundedPool<number>({
    concurrency: 2,
    capacity: { items: 3, size: 100 },
    sizeOf: () => 1,
    async work(item) {
      most = Math.max(most, ++underWay);
      await sleep(5);
      underWay--;
      done.push(item);
    },
    onError: () => expect.unreachable(),
  });
  expect([1, 2, 3, 4, 5, 6, 7].map((item) => pool.offer(item))).toEqual([true, true, true, true, true, false, false]);
  expect(pool.isFull()).toBe(true);
  expect(pool.waiting()).toBe(3);
  await pool.idle();
  expect(most).toBe(2);
  expect(done.toSorted()).toEqual([1, 2, 3, 4, 5]);
  expect(pool.isFull()).toBe(false);
});

test("work that fails is told and takes nothing else with it", async () => {
  const errors: unknown[] = [];
  const done: number[] = [];
  const pool = boundedPool<number>({
    concurrency: 1,
    capacity: { items: 5, size: 100 },
    sizeOf: () => 1,
    async work(item) {
      if (item === 1) throw new Error("one");
      done.push(item);
    },
    onError: (error) => errors.push(error),
  });
  for (const item of [1, 2, 3]) pool.offer(item);
  await pool.idle();
  expect(errors).toEqual([new Error("one")]);
  expect(done).toEqual([2, 3]);
});

test("an idle pool takes work again", async () => {
  const done: number[] = [];
  const pool = boundedPool<number>({
    concurrency: 1,
    capacity: { items: 1, size: 100 },
    sizeOf: () => 1,
    work: async (item) => void done.push(item),
    onError: () => expect.unreachable(),
  });
  pool.offer(1);
  await pool.idle();
  pool.offer(2);
  await pool.idle();
  expect(done).toEqual([1, 2]);
});

test("what waits is bounded by its size too, and counts until its turn comes", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const pool = boundedPool<number>({
    concurrency: 1,
    capacity: { items: 100, size: 10 },
    sizeOf: (item) => item,
    work: () => released,
    onError: () => expect.unreachable(),
  });
  expect([50, 6, 5, 4, 1].map((item) => pool.offer(item))).toEqual([true, true, false, true, false]);
  expect(pool.isFull()).toBe(true);
  release();
  await pool.idle();
  expect(pool.isFull()).toBe(false);
  expect([50, 10].map((item) => pool.offer(item))).toEqual([true, true]);
  await pool.idle();
});
