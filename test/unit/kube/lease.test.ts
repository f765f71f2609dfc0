import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Lease } from "../../../src/kube/built-in.ts";
import type { Client } from "../../../src/kube/client.ts";
import { ApiError } from "../../../src/kube/errors.ts";
import { createElector, type Elector, LEASE_MS, RENEW_DEADLINE_MS, RETRY_MS } from "../../../src/kube/lease.ts";
import type { Stored } from "../../../src/kube/object.ts";
import type { Clock } from "../../../src/runtime/clock.ts";
import { createFakeClock, type FakeClock } from "../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const metrics = createMetrics();

/** One Lease with optimistic concurrency, as the API server keeps it. */
function createLeaseServer() {
  let stored: Stored<Lease> | undefined;
  let version = 0;
  function write(spec: Lease["spec"], expected: string | undefined): Stored<Lease> {
    if (stored?.metadata.resourceVersion !== expected) {
      throw new ApiError("changed", { status: 409, reason: "Conflict" });
    }
    version += 1;
    const metadata = { name: "l", uid: "u", creationTimestamp: "", resourceVersion: String(version) };
    stored = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
    return stored;
  }
  return { read: () => stored, write };
}

type LeaseServer = ReturnType<typeof createLeaseServer>;
type Network = "up" | "slow" | "requests lost" | "answers lost";

/** A process: may be stopped, cut off, and has a wall clock of its own. */
interface Process {
  readonly elector: Elector;
  network: Network;
  stop(): void;
  resume(): void;
}

function startProcess(identity: string, server: LeaseServer, time: FakeClock, skewMs: number): Process {
  let stopped = false;
  const held: (() => void)[] = [];
  const whenRunning = (callback: () => void) => (stopped ? void held.push(callback) : callback());
  const clock: Clock = {
    now: () => new Date(time.now().getTime() + skewMs),
    monotonic: time.monotonic,
    setTimeout: (callback, milliseconds) => time.setTimeout(() => whenRunning(callback), milliseconds),
  };
  const process = { network: "up" as Network };
  function call<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (process.network === "requests lost") return;
      const outcome = new Promise<T>((settle) => settle(act()));
      if (process.network === "answers lost") void outcome.catch(() => {});
      else {
        const answer = (callback: () => void) =>
          process.network === "slow" ? time.setTimeout(() => whenRunning(callback), 4000) : whenRunning(callback);
        outcome.then(
          (value) => answer(() => resolve(value)),
          (error) => answer(() => reject(error)),
        );
      }
    });
  }
  const unanswered = (signal: AbortSignal | undefined) =>
    new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
  const client = {
    get: (_: unknown, __: unknown, signal?: AbortSignal) => Promise.race([call(server.read), unanswered(signal)]),
    create: (_: unknown, lease: Lease, signal?: AbortSignal) =>
      Promise.race([call(() => server.write(lease.spec, undefined)), unanswered(signal)]),
    replace: (_: unknown, lease: Lease, signal?: AbortSignal) =>
      Promise.race([call(() => server.write(lease.spec, lease.metadata.resourceVersion)), unanswered(signal)]),
  } as unknown as Client;
  const elector = createElector({
    client,
    namespace: "ns",
    name: "l",
    identity,
    clock,
    random: () => 0.5,
    logger: silentLogger(),
    metrics,
  });
  void elector.acquire(new AbortController().signal);
  return Object.assign(process, {
    elector,
    stop() {
      stopped = true;
    },
    resume() {
      stopped = false;
      for (const callback of held.splice(0)) callback();
    },
  });
}

const step = fc.record({
  who: fc.constantFrom(0, 1, 2),
  what: fc.constantFrom("stop", "resume", "cut", "half cut", "slow", "heal", "release", "nothing", "nothing"),
  thenMs: fc.integer({ min: 1, max: 12_000 }),
});

describe("leader election", () => {
  test("its constants leave the others time: lease > renew deadline > 1.2 retries", () => {
    expect(LEASE_MS).toBeGreaterThan(RENEW_DEADLINE_MS);
    expect(RENEW_DEADLINE_MS).toBeGreaterThan(1.2 * RETRY_MS);
  });

  test("never lets two processes write, whatever stops, is cut off or lies about the time; then one leads again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(fc.integer({ min: -86_400_000, max: 86_400_000 }), { minLength: 3, maxLength: 3 }),
        async (steps, skews) => {
          const time = createFakeClock();
          const server = createLeaseServer();
          const start = (i: number) => startProcess(`p${i}-${Math.random()}`, server, time, skews[i] ?? 0);
          const processes = [0, 1, 2].map(start);
          async function passTime(milliseconds: number): Promise<void> {
            for (let left = milliseconds; left > 0; left -= 500) {
              await time.advance(Math.min(left, 500));
              expect(processes.filter(({ elector }) => elector.mayWrite()).length).toBeLessThanOrEqual(1);
              processes.forEach(({ elector }, i) => {
                if (elector.lost.aborted) processes[i] = start(i);
              });
            }
          }
          for (const { who, what, thenMs } of steps) {
            const process = processes[who] as Process;
            if (what === "stop") process.stop();
            if (what === "resume") process.resume();
            if (what === "cut") process.network = "requests lost";
            if (what === "half cut") process.network = "answers lost";
            if (what === "slow") process.network = "slow";
            if (what === "heal") process.network = "up";
            if (what === "release") {
              void process.elector.release();
              processes[who] = start(who);
            }
            await passTime(thenMs);
          }
          for (const process of processes) {
            process.network = "up";
            process.resume();
          }
          await passTime(60_000);
          expect(processes.filter(({ elector }) => elector.mayWrite())).toHaveLength(1);
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);

  test("a process whose event loop stood still longer than the deadline may not write, before any timer fired", async () => {
    const time = createFakeClock();
    const { elector } = startProcess("p", createLeaseServer(), time, 0);
    await time.advance(1);
    expect(elector.mayWrite()).toBe(true);
    time.pause(RENEW_DEADLINE_MS);
    expect(elector.mayWrite()).toBe(false);
  });

  test("a leader that cannot renew in time says that it has lost", async () => {
    const time = createFakeClock();
    const process = startProcess("p", createLeaseServer(), time, 0);
    await time.advance(1);
    process.network = "requests lost";
    await time.advance(RENEW_DEADLINE_MS - RETRY_MS);
    expect(process.elector.lost.aborted).toBe(false);
    await time.advance(2 * RETRY_MS);
    expect(process.elector.lost.reason).toMatchObject({ name: "LostLeadershipError" });
  });

  test("a candidate waits a whole term although the lease says that it expired long ago", async () => {
    const time = createFakeClock();
    const server = createLeaseServer();
    const old = "2020-01-01T00:00:00.000000Z";
    server.write({ holderIdentity: "other", leaseDurationSeconds: 15, renewTime: old, acquireTime: old }, undefined);
    const { elector } = startProcess("p", server, time, 0);
    await time.advance(LEASE_MS - 1);
    expect(elector.mayWrite()).toBe(false);
    await time.advance(4 * RETRY_MS);
    expect(elector.mayWrite()).toBe(true);
  });
});
