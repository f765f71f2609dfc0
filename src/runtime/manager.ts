/**
 * Puts the parts of an operator together and gives them an order. Start: caches, then the lease, then controllers and
 * tasks. Stop: tasks and controllers (reconciles under way may end), then caches, the lease last, so that nobody else leads
 * while we may still write. Losing the lease ends `run` at once: the process must exit.
 */
import { type Client, createClient } from "../kube/client.ts";
import type { ClusterConfig } from "../kube/config.ts";
import { createEventRecorder, type EventRecorder } from "../kube/events.ts";
import { createElector } from "../kube/lease.ts";
import type { Selection } from "../kube/list.ts";
import type { KubeObject } from "../kube/object.ts";
import { createReflector, type Reflector } from "../kube/reflector.ts";
import { type Resource, resourceName } from "../kube/resource.ts";
import { retried } from "../kube/retry.ts";
import { createTransport, type Interceptor, intercepted } from "../kube/transport.ts";
import type { Check } from "../telemetry/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { type Clock, withDeadline } from "./clock.ts";
import { type Controller, type ControllerSpec, createController } from "./controller.ts";

export interface ManagerOptions {
  readonly config: ClusterConfig;
  /** Which program this is, in Events: dpo.dev/manager. */
  readonly name: string;
  /** Which process of it: hostname_uuid. */
  readonly identity: string;
  /** Absent: this process is the only one, as in tests. */
  readonly lease?: { readonly namespace: string; readonly name: string } | undefined;
  /** Hears of every event that is recorded. */
  readonly onEvent?: EventRecorder["record"] | undefined;
  /** Stands before every write but those of the lease and of Events. */
  readonly interceptor?: Interceptor | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Runs while this process leads, until the signal is aborted. */
export type Task = (signal: AbortSignal) => Promise<void>;

export interface Manager {
  /** A client with this field manager, behind the leader's fence. */
  client(fieldManager: string): Client;
  /** The cache of a kind; the same one for the same resource and selection. Before `run`. */
  reflector<T extends KubeObject>(resource: Resource<T>, selection?: Selection): Reflector<T>;
  /** Likewise, of a kind that the API server may not know: nothing waits for it. */
  optionalReflector<T extends KubeObject>(resource: Resource<T>, selection?: Selection): Reflector<T>;
  readonly recorder: EventRecorder;
  addController(spec: ControllerSpec): Controller;
  addTask(task: Task): void;
  /** Resolves after an orderly stop; rejects when the lease is lost, the caches do not fill in 2 min or a task fails. */
  run(signal: AbortSignal): Promise<void>;
  /** For /readyz. */
  readonly ready: Check;
  isLeading(): boolean;
}

const SYNC_MS = 120_000;
const DRAIN_MS = 30_000;

export function createManager(options: ManagerOptions): Manager {
  const { config, clock, random, logger, metrics, identity } = options;
  const transports = { lease: createTransport(config), watch: createTransport(config), call: createTransport(config) };
  const elector =
    options.lease &&
    createElector({ ...options, ...options.lease, client: createClient(transports.lease, options.name) });
  const writes = [elector?.fence, options.interceptor]
    .filter((interceptor) => interceptor !== undefined)
    .reduceRight(intercepted, transports.call);
  const reflectors = new Map<string, Reflector<KubeObject>>();
  const controllers: Controller[] = [];
  const tasks: Task[] = [];
  const recorder = createEventRecorder({
    client: createClient(transports.call, options.name),
    controller: options.name,
    instance: identity,
    clock,
    logger,
    metrics,
  });

  function reflector<T extends KubeObject>(
    resource: Resource<T>,
    selection: Selection = {},
    isOptional = false,
  ): Reflector<T> {
    const key = JSON.stringify([resourceName(resource), selection]);
    const known = reflectors.get(key);
    if (known !== undefined) return known as Reflector<T>;
    const transport = retried(transports.watch, clock);
    const created = createReflector({ transport, resource, selection, isOptional, clock, random, logger, metrics });
    reflectors.set(key, created as Reflector<KubeObject>);
    return created;
  }

  function unsynced(): string[] {
    return [...reflectors.values()].filter((each) => !each.hasSynced()).map(({ resource }) => resourceName(resource));
  }

  async function synced(signal: AbortSignal): Promise<void> {
    const all = (deadline: AbortSignal) =>
      Promise.all([...reflectors.values()].map((each) => each.until(() => each.hasSynced(), deadline)));
    await withDeadline(clock, SYNC_MS, all, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new Error(
        `no list of ${unsynced().join(", ")} in ${SYNC_MS / 1000} s: are their CRDs installed, may we list them, is the API server up?`,
      );
    });
  }

  async function lead(signal: AbortSignal, ended: AbortSignal): Promise<void> {
    const writing = AbortSignal.any([ended, ...(elector ? [elector.lost] : [])]);
    await Promise.all(controllers.map((controller) => controller.start(writing)));
    const stopping = AbortSignal.any([signal, writing]);
    const working = Promise.all(tasks.map((task) => task(stopping).catch(unless(stopping))));
    await Promise.race([aborted(stopping), working.then(() => aborted(stopping))]);
    elector?.lost.throwIfAborted();
    await withDeadline(clock, DRAIN_MS, (deadline) =>
      Promise.race([Promise.all([working, ...controllers.map((controller) => controller.stop())]), aborted(deadline)]),
    );
  }

  async function run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    try {
      for (const each of reflectors.values()) each.start();
      await synced(signal);
      await elector?.acquire(signal);
      await lead(signal, ended.signal);
    } catch (error) {
      if (!signal.aborted || elector?.lost.aborted) throw error;
    } finally {
      ended.abort();
      recorder.stop();
      for (const each of reflectors.values()) each.stop();
      if (!elector?.lost.aborted) await elector?.release();
      await Promise.all(Object.values(transports).map((transport) => transport.close()));
    }
  }

  return {
    client: (fieldManager) => createClient(retried(writes, clock), fieldManager),
    reflector: (resource, selection) => reflector(resource, selection),
    optionalReflector: (resource, selection) => reflector(resource, selection, true),
    recorder: {
      ...recorder,
      record(regarding, event) {
        recorder.record(regarding, event);
        options.onEvent?.(regarding, event);
      },
    },
    addController(spec) {
      const controller = createController(spec, { clock, logger, metrics });
      controllers.push(controller);
      return controller;
    },
    addTask: (task) => void tasks.push(task),
    run,
    ready: {
      name: "caches",
      run: () => (unsynced().length === 0 ? undefined : `not filled: ${unsynced().join(", ")}`),
    },
    isLeading: () => elector?.mayWrite() ?? true,
  };
}

/** A task may end by throwing the reason of the signal. */
function unless(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
