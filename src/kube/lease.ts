/**
 * Leader election on a coordination.k8s.io Lease, as client-go's. What it guarantees: whether a lease has expired is judged
 * by how long we have seen it unchanged on our own monotonic clock, never by another machine's time; who cannot renew for
 * `renewDeadlineMs` has lost and may not write, even if its event loop was blocked meanwhile (`fence`).
 */
import { type Clock, sleep, withDeadline } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Lease } from "./built-in.ts";
import type { Client } from "./client.ts";
import { isConflict } from "./errors.ts";
import { microTime } from "./micro-time.ts";
import type { Stored } from "./object.ts";
import { leases } from "./resource.ts";
import type { Interceptor } from "./transport.ts";

export interface ElectorOptions {
  /** Not `retried`, with a connection that nothing else uses. */
  readonly client: Client;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process: hostname_uuid. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Elector {
  /** Resolves when the lease is ours, and keeps renewing it from then on. Rejects only when the signal is aborted. */
  acquire(signal: AbortSignal): Promise<void>;
  /** Aborted with a LostLeadershipError when the lease could not be renewed in time or someone else has it. */
  readonly lost: AbortSignal;
  /** Whether the last successful renewal is recent enough that nobody else can lead. */
  mayWrite(): boolean;
  /** Refuses writes that mayWrite forbids. */
  readonly fence: Interceptor;
  /** Stops renewing and lets the next one take over at once. For when nothing writes any more. */
  release(): Promise<void>;
}

export class LostLeadershipError extends Error {
  override readonly name = "LostLeadershipError";
}

export const LEASE_MS = 15_000;
export const RENEW_DEADLINE_MS = 10_000;
export const RETRY_MS = 2000;

type LeaseSpec = NonNullable<Lease["spec"]>;

export function createElector(options: ElectorOptions): Elector {
  const { client, namespace, name, identity, clock, random, metrics } = options;
  const logger = options.logger.child({ lease: `${namespace}/${name}`, identity });
  const lost = new AbortController();
  const released = new AbortController();
  /** The lease as last seen, and when it was first seen so. */
  let seen: { readonly lease: Stored<Lease>; readonly at: number } | undefined;
  /** When the last renewal that succeeded was sent. */
  let renewed: { readonly monotonic: number; readonly wall: number } | undefined;

  function see(lease: Stored<Lease>): void {
    if (seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    seen = { lease, at: clock.monotonic() };
  }

  function heldByOther(): boolean {
    const { holderIdentity, leaseDurationSeconds } = seen?.lease.spec ?? {};
    if (seen === undefined || !holderIdentity || holderIdentity === identity) return false;
    return clock.monotonic() < seen.at + (leaseDurationSeconds ?? LEASE_MS / 1000) * 1000;
  }

  /** One try to have the lease for another term. `read` goes by a fresh read instead of what was last seen. */
  async function tryHold(read: boolean, signal: AbortSignal): Promise<boolean> {
    const sent = { monotonic: clock.monotonic(), wall: clock.now().getTime() };
    if (read) {
      const lease = await client.get(leases, { namespace, name }, signal);
      if (lease === undefined) seen = undefined;
      else see(lease);
    }
    if (heldByOther()) return false;
    const spec = nextSpec(seen?.lease.spec, identity, clock.now());
    const metadata = { namespace, name };
    see(
      seen === undefined
        ? await client.create(leases, { metadata, spec }, signal)
        : await client.replace(leases, { metadata: versioned(metadata, seen.lease), spec }, signal),
    );
    renewed = sent;
    return true;
  }

  async function attempt(read: boolean, limitMs: number, signal: AbortSignal): Promise<boolean> {
    try {
      return await withDeadline(clock, limitMs, (deadline) => tryHold(read, deadline), signal);
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, "lease was not acquired or renewed");
      return false;
    }
  }

  function remainingMs(): number {
    if (renewed === undefined) return 0;
    // A machine that was suspended shows it on one of its clocks only.
    const elapsed = Math.max(clock.monotonic() - renewed.monotonic, clock.now().getTime() - renewed.wall);
    return RENEW_DEADLINE_MS - elapsed;
  }

  function mayWrite(): boolean {
    return !lost.signal.aborted && remainingMs() > 0;
  }

  async function renew(): Promise<void> {
    let held = true;
    while (!released.signal.aborted) {
      await sleep(clock, RETRY_MS, released.signal).catch(() => {});
      if (released.signal.aborted) return;
      const limitMs = Math.min(RENEW_DEADLINE_MS / 2, remainingMs());
      held = limitMs > 0 && (await attempt(!held, limitMs, released.signal));
      if (held || released.signal.aborted) continue;
      if (remainingMs() <= 0) return lose(`not renewed in ${RENEW_DEADLINE_MS} ms`);
      if (heldByOther()) return lose(`held by ${seen?.lease.spec?.holderIdentity}`);
    }
  }

  function lose(why: string): void {
    metrics.leader.set({ name }, 0);
    lost.abort(new LostLeadershipError(`lease ${namespace}/${name}: ${why}`));
  }

  return {
    lost: lost.signal,
    mayWrite,
    async acquire(signal) {
      while (!(await attempt(true, RENEW_DEADLINE_MS, signal))) {
        await sleep(clock, RETRY_MS * (1 + 1.2 * random()), signal);
      }
      metrics.leader.set({ name }, 1);
      logger.info("leading");
      void renew();
    },
    fence(request, send) {
      if (mayWrite()) return send();
      const reason = new LostLeadershipError(`${request.method} ${request.path} refused: lease ${name} is not ours`);
      return Promise.reject(reason);
    },
    async release() {
      released.abort();
      renewed = undefined;
      metrics.leader.set({ name }, 0);
      await withDeadline(clock, RENEW_DEADLINE_MS / 2, (signal) => releaseLease(options, signal)).catch(
        (error: unknown) => logger.warn({ err: error }, "lease was not released"),
      );
    },
  };
}

/** acquireTime and the number of transitions move only when the holder changes. */
function nextSpec(current: LeaseSpec | undefined, identity: string, now: Date): LeaseSpec {
  const ours = current?.holderIdentity === identity;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: LEASE_MS / 1000,
    acquireTime: ours && current.acquireTime ? current.acquireTime : microTime(now),
    renewTime: microTime(now),
    leaseTransitions: (current?.leaseTransitions ?? 0) + (ours || current === undefined ? 0 : 1),
  };
}

async function releaseLease(options: ElectorOptions, signal: AbortSignal): Promise<void> {
  const { client, namespace, name, identity, clock } = options;
  for (let tries = 0; tries < 3; tries += 1) {
    const lease = await client.get(leases, { namespace, name }, signal);
    if (lease?.spec?.holderIdentity !== identity) return;
    const { holderIdentity: _, ...spec } = lease.spec;
    const now = microTime(clock.now());
    try {
      const released = { ...spec, leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
      await client.replace(leases, { metadata: versioned({ namespace, name }, lease), spec: released }, signal);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

function versioned<M extends object>(
  metadata: M,
  { metadata: { resourceVersion } }: Stored,
): M & { resourceVersion: string } {
  return { ...metadata, resourceVersion };
}
