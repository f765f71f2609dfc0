import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../../src/runtime/fake-clock.ts";
import { backoffMs } from "../../../src/runtime/rate-limiter.ts";
import { createWorkQueue, type WorkQueue } from "../../../src/runtime/work-queue.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const metrics = createMetrics();

function createQueue(clock = createFakeClock()): WorkQueue {
  return createWorkQueue({ name: "test", clock, metrics });
}

/** What the queue promises, written as plainly as possible. */
interface Model {
  now: number;
  first: string[];
  ready: string[];
  readonly delayed: Map<string, number>;
  readonly processing: Set<string>;
  /** Whether it goes first then. */
  readonly again: Map<string, boolean>;
  readonly failures: Map<string, number>;
  waitingGetters: number;
  readonly handedOut: string[];
}

interface Real {
  readonly clock: FakeClock;
  readonly queue: WorkQueue;
  readonly handedOut: (string | undefined)[];
}

function modelAdd(model: Model, key: string, isFirst = false): void {
  model.delayed.delete(key);
  if (model.processing.has(key)) model.again.set(key, isFirst || model.again.get(key) === true);
  else if (isFirst) modelAddFirst(model, key);
  else if (!isReady(model, key)) model.ready.push(key);
}

function modelAddFirst(model: Model, key: string): void {
  model.ready = model.ready.filter((each) => each !== key);
  if (!model.first.includes(key)) model.first.push(key);
}

function isReady({ first, ready }: Model, key: string): boolean {
  return first.includes(key) || ready.includes(key);
}

function modelAddAfter(model: Model, key: string, milliseconds: number): void {
  const due = model.now + milliseconds;
  if (isReady(model, key) || model.again.has(key) || (model.delayed.get(key) ?? Infinity) <= due) return;
  // Of those due at the same instant the one that was set last comes last.
  model.delayed.delete(key);
  model.delayed.set(key, due);
}

function modelHandOut(model: Model): void {
  while (model.waitingGetters > 0 && model.first.length + model.ready.length > 0) {
    const key = (model.first.shift() ?? model.ready.shift()) as string;
    model.waitingGetters -= 1;
    model.processing.add(key);
    model.handedOut.push(key);
  }
}

type Command = fc.AsyncCommand<Model, Real>;

/** A command that changes model and queue alike and then compares all that can be seen. */
function command(name: string, onModel: (model: Model) => void, onReal: (real: Real) => unknown): Command {
  return {
    toString: () => name,
    check: () => true,
    async run(model, real) {
      onModel(model);
      modelHandOut(model);
      await onReal(real);
      await real.clock.advance(0);
      expect(real.handedOut).toEqual(model.handedOut);
      expect(real.queue.depth()).toBe(model.first.length + model.ready.length);
    },
  };
}

function passTime(milliseconds: number): Command {
  return command(
    `advance ${milliseconds}`,
    (model) => {
      const until = model.now + milliseconds;
      const due = [...model.delayed].filter(([, at]) => at <= until).sort(([, a], [, b]) => a - b);
      for (const [key, at] of due) {
        model.now = at;
        modelAdd(model, key);
        modelHandOut(model);
      }
      model.now = until;
    },
    ({ clock }) => clock.advance(milliseconds),
  );
}

const keys = fc.constantFrom("a", "b", "c");
const commands = [
  keys.map((key) =>
    command(
      `add ${key}`,
      (model) => modelAdd(model, key),
      ({ queue }) => queue.add(key),
    ),
  ),
  keys.map((key) =>
    command(
      `addFirst ${key}`,
      (model) => modelAdd(model, key, true),
      ({ queue }) => queue.addFirst(key),
    ),
  ),
  fc.tuple(keys, fc.integer({ min: 1, max: 50 })).map(([key, delay]) =>
    command(
      `addAfter ${key} ${delay}`,
      (model) => modelAddAfter(model, key, delay),
      ({ queue }) => queue.addAfter(key, delay),
    ),
  ),
  keys.map((key) =>
    command(
      `addRateLimited ${key}`,
      (model) => {
        const before = model.failures.get(key) ?? 0;
        model.failures.set(key, before + 1);
        modelAddAfter(model, key, 5 * 2 ** before);
      },
      ({ queue }) => queue.addRateLimited(key),
    ),
  ),
  keys.map((key) =>
    command(
      `forget ${key}`,
      (model) => model.failures.delete(key),
      ({ queue }) => queue.forget(key),
    ),
  ),
  fc.constant(
    command(
      "get",
      (model) => {
        model.waitingGetters += 1;
      },
      ({ queue, handedOut }) => {
        void queue.get().then((key) => handedOut.push(key));
      },
    ),
  ),
  keys.map((key) =>
    command(
      `done ${key}`,
      (model) => {
        const isFirst = model.again.get(key);
        if (!model.processing.delete(key) || isFirst === undefined) return;
        model.again.delete(key);
        (isFirst ? model.first : model.ready).push(key);
      },
      ({ queue }) => queue.done(key),
    ),
  ),
  fc.integer({ min: 1, max: 100 }).map(passTime),
];

describe("a work queue", () => {
  test("hands out what the model hands out, whatever is done to it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 60 }), (list) =>
        fc.asyncModelRun(() => {
          const clock = createFakeClock();
          const model: Model = {
            now: 0,
            first: [],
            ready: [],
            delayed: new Map(),
            processing: new Set(),
            again: new Map(),
            failures: new Map(),
            waitingGetters: 0,
            handedOut: [],
          };
          return { model, real: { clock, queue: createQueue(clock), handedOut: [] } };
        }, list),
      ),
      { numRuns: 150 },
    );
  });

  test("hands out once what was added many times", async () => {
    const queue = createQueue();
    for (let i = 0; i < 5; i += 1) queue.add("a");
    queue.add("b");
    expect([await queue.get(), await queue.get(), queue.depth()]).toEqual(["a", "b", 0]);
  });

  test("hands a key out again after done when it was added meanwhile, and not before", async () => {
    const queue = createQueue();
    queue.add("a");
    await queue.get();
    queue.add("a");
    queue.add("a");
    expect(queue.depth()).toBe(0);
    queue.done("a");
    expect(await queue.get()).toBe("a");
    queue.done("a");
    expect(queue.depth()).toBe(0);
  });

  test("hands out what is to be first before what has waited longer, even if it waited itself", async () => {
    const queue = createQueue();
    for (const key of ["a", "b", "c"]) queue.add(key);
    queue.addFirst("urgent");
    queue.addFirst("c");
    expect([await queue.get(), await queue.get(), await queue.get(), await queue.get()]).toEqual([
      "urgent",
      "c",
      "a",
      "b",
    ]);
    queue.add("d");
    queue.addFirst("a");
    queue.done("a");
    expect([await queue.get(), queue.depth()]).toEqual(["a", 1]);
  });

  test("keeps the earliest of several delays", async () => {
    const clock = createFakeClock();
    const queue = createQueue(clock);
    queue.addAfter("a", 100);
    queue.addAfter("a", 10);
    queue.addAfter("a", 50);
    await clock.advance(9);
    expect(queue.depth()).toBe(0);
    await clock.advance(1);
    expect(queue.depth()).toBe(1);
    expect(clock.pending()).toBe(0);
  });

  test("releases every getter on shutdown, and hands out nothing after it", async () => {
    const queue = createQueue();
    const getters = [queue.get(), queue.get()];
    queue.addAfter("late", 10);
    queue.shutDown();
    queue.add("a");
    expect(await Promise.all([...getters, queue.get()])).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    { failures: 0, ms: 5 },
    { failures: 1, ms: 10 },
    { failures: 12, ms: 20_480 },
    { failures: 13, ms: 30_000 },
    { failures: 5000, ms: 30_000 },
  ])("backs off $ms ms after $failures failures", ({ failures, ms }) => {
    expect(backoffMs(failures)).toBe(ms);
  });
});
