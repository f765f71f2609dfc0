import { createHash } from "node:crypto";
import type { CheckRecord, Comparison } from "../../src/api/contracts/collector-api.ts";
import type { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import { FINALIZER, LABEL } from "../../src/api/v1alpha1/metadata.ts";
import type { PreferenceCanary, PreferenceCanaryStatus } from "../../src/api/v1alpha1/preference-canary.ts";
import { announcements } from "../../src/controllers/preferencecanary/announcements.ts";
import { type Decision, decide } from "../../src/controllers/preferencecanary/decide.ts";
import type { CanarySettings } from "../../src/controllers/preferencecanary/desired.ts";
import type { Effect } from "../../src/controllers/preferencecanary/effect.ts";
import {
  type Access,
  type Evidence,
  NO_EVIDENCE,
  type Stream,
} from "../../src/controllers/preferencecanary/evidence.ts";
import { type Facts, gatherFacts } from "../../src/controllers/preferencecanary/facts.ts";
import { cursorsOf, rememberedGates } from "../../src/controllers/preferencecanary/gates.ts";
import { observe } from "../../src/controllers/preferencecanary/observe.ts";
import { readRun } from "../../src/controllers/preferencecanary/run.ts";
import { status } from "../../src/controllers/preferencecanary/status.ts";
import type { ControllerRevision, Deployment, PodTemplate, Service } from "../../src/kube/built-in.ts";
import type { EventNote } from "../../src/kube/events.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import type { KubeObject, Stored } from "../../src/kube/object.ts";
import { createStore, type WritableStore } from "../../src/kube/store.ts";
import { createFakeClock } from "../../src/runtime/fake-clock.ts";
import { httpRoute, readSlots } from "../../src/traffic/http-route.ts";
import { samplerName } from "../../src/traffic/names.ts";
import { createSettling } from "../../src/traffic/settling.ts";
import type { Slots } from "../../src/traffic/slots.ts";
import { CANARY, canaryObject, digest, modelUri, NAMESPACE, podTemplate, WORKLOAD } from "./canary.ts";

const SETTINGS: CanarySettings = { operatorImage: "operator:1", collectorUrl: "http://collector:8080" };

/** How a pass may end: all of it, or a crash before the effect, after it, or after the status too. */
export type Crash = "BeforeEffect" | "BeforeStatus";

/**
 * A cluster in memory that knows just enough of the API server to run the pure parts: effects are applied, time stands
 * still until it is told to go on, pods become ready when asked to.
 */
export function createWorld(spec?: Readonly<Record<string, unknown>>) {
  const clock = createFakeClock();
  let version = 1;
  let canary: Stored<PreferenceCanary> | undefined = canaryObject(spec);
  let settling = createSettling(clock);
  let settings = SETTINGS;
  const stores = {
    deployments: createStore<Deployment>(),
    services: createStore<Service>(),
    records: createStore<ControllerRevision>(),
    routes: createStore<HTTPRoute>(),
    jobs: createStore<DPOJob>(),
  };
  const votes: (Comparison & { readonly pair: string })[] = [];
  const checks: (CheckRecord & { readonly candidate: string })[] = [];
  const routeVersions: HTTPRoute[] = [];
  const events: EventNote[] = [];
  const statuses: PreferenceCanaryStatus[] = [];
  const world = { autoReady: true, access: { type: "Readable" } as Access };

  function put<T extends KubeObject>(store: WritableStore<T>, object: T, uid?: string): Stored<T> {
    const { name, namespace = NAMESPACE } = object.metadata;
    const known = store.get({ name, namespace })?.metadata;
    version += 1;
    const metadata = {
      creationTimestamp: known?.creationTimestamp ?? clock.now().toISOString(),
      ...object.metadata,
      namespace,
      uid: uid ?? known?.uid ?? `uid-${version}`,
      resourceVersion: String(version),
      generation: (known?.generation ?? 0) + 1,
    };
    const stored = structuredClone({ ...object, metadata }) as Stored<T>;
    store.put(stored);
    return stored;
  }

  function applyEffect(effect: Effect): void {
    const at = (name: string) => ({ namespace: NAMESPACE, name });
    switch (effect.type) {
      case "AddFinalizer":
        setCanary({ finalizers: [FINALIZER.canary] });
        return;
      case "RemoveFinalizer":
        canary = undefined;
        return;
      case "WriteRoute": {
        const standing = stores.routes.get(at(CANARY));
        if (effect.uid !== standing?.metadata.uid) throw new Error("the route was to be another one");
        if (effect.resourceVersion !== undefined && effect.resourceVersion !== standing?.metadata.resourceVersion)
          throw new Error("409");
        const { metadata, spec } = httpRoute(effect.intent);
        if (spec === undefined) throw new Error("a route without a spec");
        routeVersions.push(put(stores.routes, { metadata, spec }));
        return;
      }
      case "ApplyRecord":
        put(stores.records, { revision: 1, ...effect.object });
        return;
      case "ApplyDeployment":
        put(stores.deployments, effect.object);
        return;
      case "ApplyService":
        put(stores.services, effect.object);
        return;
      case "ReleaseService": {
        const service = stores.services.get(at(effect.name));
        if (service?.metadata.deletionTimestamp !== undefined) stores.services.remove(service);
        else if (service !== undefined)
          put(stores.services, { ...service, metadata: { ...service.metadata, finalizers: [] } });
        return;
      }
      case "DeleteRoute":
        remove(stores.routes, CANARY);
        return;
      case "DeleteDeployment":
        remove(stores.deployments, effect.name);
        return;
      case "DeleteService":
        remove(stores.services, effect.name);
        return;
      case "DeleteRecord":
        remove(stores.records, effect.name);
        return;
    }
  }

  function remove<T extends KubeObject>(store: WritableStore<T>, name: string): void {
    const object = store.get({ namespace: NAMESPACE, name });
    if (object === undefined) return;
    const isHeld = (object.metadata.finalizers ?? []).length > 0;
    if (!isHeld) store.remove({ ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } });
    else put(store, { ...object, metadata: { ...object.metadata, deletionTimestamp: clock.now().toISOString() } });
  }

  function setCanary(metadata: Partial<PreferenceCanary["metadata"]>, changes: Partial<PreferenceCanary> = {}): void {
    if (canary === undefined) throw new Error("the canary is gone");
    version += 1;
    canary = { ...canary, ...changes, metadata: { ...canary.metadata, ...metadata, resourceVersion: String(version) } };
  }

  /** What a deployment controller would do. */
  function setReady(name: string, pods?: number): void {
    const object = stores.deployments.get({ namespace: NAMESPACE, name });
    if (object === undefined) throw new Error(`no Deployment ${name}`);
    const replicas = pods ?? object.spec?.replicas ?? 1;
    const observedGeneration = (object.metadata.generation ?? 0) + 1;
    put(stores.deployments, {
      ...object,
      status: { observedGeneration, replicas, updatedReplicas: replicas, availableReplicas: replicas },
    });
  }

  function readyAll(): void {
    for (const { metadata, spec, status: state } of stores.deployments.list()) {
      const isTemplate = metadata.labels?.[LABEL.canary] === undefined;
      const isSeen = state?.observedGeneration === metadata.generation && state?.replicas === spec?.replicas;
      if (!isTemplate && !isSeen) setReady(metadata.name);
    }
  }

  function stream<T extends { sequence: number; id: string }>(all: readonly T[], after: number | undefined): Stream<T> {
    const from = all.find(({ sequence }) => sequence === after);
    const records = world.access.type === "Readable" ? all.filter(({ sequence }) => sequence > (after ?? 0)) : [];
    const known = after === undefined ? null : { sequence: after, id: from?.id ?? "" };
    return { from: known, records, access: world.access };
  }

  function evidenceFor(run: ReturnType<typeof readRun>, observed: Facts["observed"]): Evidence {
    const { stable, candidate } = run;
    if (stable === undefined || candidate === undefined) return NO_EVIDENCE;
    const pair = { candidate: candidate.revision, stable };
    const isRetried = observed.records.get(candidate.revision)?.retried ?? false;
    const cursors = cursorsOf(rememberedGates(observed.canary, pair, isRetried));
    const name = `${pair.candidate}/${pair.stable}`;
    return {
      comparisons: stream(
        votes.filter((vote) => vote.pair === name),
        cursors.comparisons?.sequence,
      ),
      checks: stream(
        checks.filter((check) => check.candidate === pair.candidate),
        cursors.checks?.sequence,
      ),
    };
  }

  function facts(): Facts {
    if (canary === undefined) throw new Error("the canary is gone");
    const observed = observe(canary, { ...stores, settling });
    const run = readRun(observed);
    return gatherFacts(observed, run, evidenceFor(run, observed), settings, clock.now());
  }

  /** One reconcile, as reconcile.ts does it. */
  function pass(crash?: Crash): Decision {
    const known = facts();
    const decision = decide(known);
    if (crash === "BeforeEffect") return decision;
    if (decision.effect !== undefined) applyEffect(decision.effect);
    if (crash === "BeforeStatus" || canary === undefined || canary.metadata.deletionTimestamp !== undefined)
      return decision;
    const before = canary.status;
    const after = status(known, clock.now());
    setCanary({}, { status: after });
    statuses.push(after);
    events.push(...announcements(before, after));
    return decision;
  }

  return {
    ...stores,
    clock,
    events,
    routeVersions,
    statuses,
    pass,
    facts,
    setReady,
    readyAll,
    put,
    remove,
    /** Passes until nothing is done any more, waiting as told, at most `ms` in all. */
    settle(ms = 60_000, crashes: Partial<Record<number, Crash>> = {}): number {
      let passes = 0;
      for (let left = ms; canary !== undefined; passes++) {
        if (passes > 500) throw new Error(`never comes to rest: ${JSON.stringify(decide(facts()))}`);
        const before = JSON.stringify(canary.status);
        const crash = crashes[passes];
        const { effect, waitMs } = pass(crash);
        if (crash !== undefined) settling = createSettling(clock);
        if (world.autoReady) readyAll();
        if (effect !== undefined || crash !== undefined || JSON.stringify(canary?.status) !== before) continue;
        if (waitMs === undefined || waitMs > left) break;
        left -= waitMs;
        clock.pause(waitMs);
      }
      return passes;
    },
    /** A process forgets what it remembered; another one takes over. */
    restart() {
      settling = createSettling(clock);
    },
    wait: (ms: number) => clock.pause(ms),
    get canary() {
      if (canary === undefined) throw new Error("the canary is gone");
      return canary;
    },
    get isGone() {
      return canary === undefined;
    },
    get status(): PreferenceCanaryStatus {
      return canary?.status ?? { conditions: [] };
    },
    get slots(): Slots | undefined {
      const route = stores.routes.get({ namespace: NAMESPACE, name: CANARY });
      return route && readSlots(route, CANARY);
    },
    get route() {
      return stores.routes.get({ namespace: NAMESPACE, name: CANARY });
    },
    setAccess(access: Access) {
      world.access = access;
    },
    setAutoReady(isOn: boolean) {
      world.autoReady = isOn;
    },
    /** Git: a changed spec is a new generation. */
    edit(changes: Partial<PreferenceCanary["spec"]>) {
      setCanary({ generation: this.canary.metadata.generation + 1 }, { spec: { ...this.canary.spec, ...changes } });
    },
    annotate: (annotations: Readonly<Record<string, string>>) => setCanary({ annotations }),
    upgrade(to: CanarySettings) {
      settings = to;
    },
    /** Another object of the same name. */
    createCanaryAgain() {
      canary = canaryObject(spec, { uid: "another-uid" });
    },
    deleteCanary: () => setCanary({ deletionTimestamp: clock.now().toISOString() }),
    setStatus: (changes: Partial<PreferenceCanaryStatus>) =>
      setCanary({}, { status: { ...canary?.status, ...changes } }),
    loseStatus() {
      const { status: _lost, ...rest } = this.canary;
      canary = rest;
    },
    workload(template: PodTemplate = podTemplate()) {
      put(stores.deployments, { metadata: { name: WORKLOAD }, spec: { replicas: 0, selector: {}, template } });
    },
    /** A validated job with this digit's model. */
    job(name: string, digit: string, created: string) {
      const conditions = [
        { type: "Validated", status: "True", reason: "Passed", message: "", lastTransitionTime: created },
      ];
      const artifact = { uri: modelUri(digit), digest: digest(digit), dataset: digest("0"), base: digest("a") };
      const job = {
        metadata: { name, labels: { [LABEL.publishTo]: CANARY }, creationTimestamp: created },
        status: { artifact, conditions },
      };
      put(stores.jobs, job as unknown as DPOJob);
    },
    /** Votes of distinct prompts in the current run; 1 is for the candidate. */
    vote(outcomes: readonly (0 | 0.5 | 1)[], nth = 1) {
      const { stable, candidate } = facts().run;
      for (const outcome of outcomes) {
        const sequence = ++version;
        const unit = createHash("sha256").update(String(sequence)).digest("hex");
        const at = clock.now().toISOString();
        votes.push({
          sequence,
          id: `vote-${sequence}`,
          at,
          outcome,
          unit,
          vote: nth,
          labeler: "p",
          pair: `${candidate?.revision}/${stable}`,
        });
      }
    },
    check(violations: readonly boolean[]) {
      const candidate = facts().run.candidate?.revision ?? "";
      for (const violation of violations) {
        const sequence = ++version;
        checks.push({
          sequence,
          id: `check-${sequence}`,
          at: clock.now().toISOString(),
          answer: `${sequence}`,
          violation,
          candidate,
        });
      }
    },
    samplerName: samplerName(CANARY),
  };
}

export type World = ReturnType<typeof createWorld>;
