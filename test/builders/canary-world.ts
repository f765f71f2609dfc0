import { ArchivedRun } from "../../src/api/contracts/archived-run.ts";
import type { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import { FINALIZER, LABEL } from "../../src/api/v1alpha1/metadata.ts";
import type { PreferenceCanary, PreferenceCanaryStatus } from "../../src/api/v1alpha1/preference-canary.ts";
import { digestOf } from "../../src/artifacts/digest.ts";
import { nameOf, toBeArchived, type Unarchived } from "../../src/controllers/preferencecanary/archive/ended-runs.ts";
import { type Decision, decide } from "../../src/controllers/preferencecanary/decide.ts";
import type { CanarySettings } from "../../src/controllers/preferencecanary/desired.ts";
import type { Effect, Outcome, Refusal } from "../../src/controllers/preferencecanary/effect.ts";
import { pairOf } from "../../src/controllers/preferencecanary/evidence/baseline.ts";
import { NO_EVIDENCE } from "../../src/controllers/preferencecanary/evidence/evidence.ts";
import { questionsOf } from "../../src/controllers/preferencecanary/evidence/questions.ts";
import { type Facts, gatherFacts } from "../../src/controllers/preferencecanary/facts.ts";
import { cursorsOf, rememberedGates } from "../../src/controllers/preferencecanary/gates/gates.ts";
import { observe } from "../../src/controllers/preferencecanary/observe.ts";
import type { ArchiveAnswer, ArchiveAnswers } from "../../src/controllers/preferencecanary/observed.ts";
import { readRun } from "../../src/controllers/preferencecanary/run/run.ts";
import { contended, wantedOf } from "../../src/controllers/preferencecanary/selection/selection.ts";
import { announcements, effectNotes } from "../../src/controllers/preferencecanary/standing/announcements.ts";
import { status } from "../../src/controllers/preferencecanary/status.ts";
import { createWaitingNotes } from "../../src/controllers/preferencecanary/waiting-notes.ts";
import type { EventNote } from "../../src/kube/events.ts";
import type { Stored } from "../../src/kube/object.ts";
import { createFakeClock } from "../../src/runtime/fake-clock.ts";
import { readSlots } from "../../src/traffic/http-route.ts";
import { samplerName } from "../../src/traffic/names.ts";
import { createSettling } from "../../src/traffic/settling.ts";
import { CANARY, canaryObject, digest, modelUri, NAMESPACE, podTemplate, WORKLOAD } from "./canary.ts";
import { createMemoryAnswers } from "./memory-answers.ts";
import { createMemoryCluster, type MemoryCluster } from "./memory-cluster.ts";
import { createMemoryEvidence } from "./memory-evidence.ts";
import { createMemoryProbing } from "./memory-probing.ts";
import { routeFaults } from "./route-oracle.ts";

/** A crash before the effect of a pass, or between it and the status. */
export type Crash = "BeforeEffect" | "BeforeStatus";

type Json = Readonly<Record<string, unknown>>;

/** What takes longer is not over before a slow collector has answered. */
const SLOW_MS = 20_000;

/** The pure parts of the controller, run as reconcile.ts runs them, in a world where time goes on only when told to. */
export class CanaryWorld {
  readonly clock = createFakeClock();
  readonly cluster: MemoryCluster = createMemoryCluster(this.clock);
  readonly evidence = createMemoryEvidence(() => this.clock.now());
  readonly answers = createMemoryAnswers(() => this.clock.now());
  readonly events: EventNote[] = [];
  readonly effects: Effect[] = [];
  readonly statuses: PreferenceCanaryStatus[] = [];
  readonly samplerName = samplerName(CANARY);
  readonly probing = createMemoryProbing();
  /** Runs that the collector was asked to archive, by name. */
  readonly archived = new Map<string, ArchivedRun>();
  /** Why it does not. */
  archiveProblem: string | undefined;
  /** The API server knows the kind of route that the canary wants. */
  knowsRoutes = true;
  /** It may not list them. */
  isForbiddenRoutes = false;
  /** Likewise InferenceService. */
  knowsKServe = true;
  isForbiddenKServe = false;
  /** They could be listed before, and cannot any more. */
  isStaleKServe = false;
  /** Writes that the API server does not take. */
  refuses: (effect: Effect) => boolean = () => false;
  /** What it says then. */
  refusal: (effect: Effect) => string = ({ type }) => `${type} is forbidden`;
  /** Pods become ready as soon as they are wanted. */
  autoReady = true;
  #spec: Json | undefined;
  #canary: Stored<PreferenceCanary> | undefined;
  #settling = createSettling(this.clock);
  #notes = createWaitingNotes(this.clock);
  #settings: CanarySettings = { operatorImage: "operator:1", collectorUrl: "http://collector:8080" };

  constructor(spec?: Json) {
    this.#spec = spec;
    this.#canary = canaryObject(spec);
  }

  get canary(): Stored<PreferenceCanary> {
    if (this.#canary === undefined) throw new Error("the canary is gone");
    return this.#canary;
  }

  get isGone(): boolean {
    return this.#canary === undefined;
  }

  get status(): PreferenceCanaryStatus {
    return this.#canary?.status ?? {};
  }

  get route() {
    return this.cluster.routes.get({ namespace: NAMESPACE, name: CANARY });
  }

  get slots() {
    return this.route && readSlots(this.route, CANARY);
  }

  /** What must be true of every version of the route, and of what it names. */
  faults(): string[] {
    const dangling = [...this.cluster.dangling].map((name) => `the route named ${name}, which was missing`);
    return [...routeFaults(this.cluster.routeVersions, CANARY), ...dangling];
  }

  facts(): Facts {
    const seen = observe(this.canary, {
      ...this.cluster,
      routes: () => (this.knowsRoutes ? this.cluster.routes : undefined),
      isHidden: () => this.isForbiddenRoutes,
      inferenceServices: {
        store: this.cluster.inferenceServices,
        isServed: () => this.knowsKServe,
        isHidden: () => this.isForbiddenKServe,
        isCurrent: () => !this.isStaleKServe,
      },
      settling: this.#settling,
      probing: this.probing,
    });
    const run = readRun(seen);
    const observed = { ...seen, archives: this.#archive(toBeArchived(seen.canary.status, run)) };
    return gatherFacts(observed, run, this.#read(observed, run), this.#settings, this.clock.now());
  }

  /** A collector that archives at once what it is asked to, if it answers. */
  #archive(wanted: readonly Unarchived[]): ArchiveAnswers {
    return new Map(
      wanted.map((ended): [string, ArchiveAnswer] => {
        if (this.archiveProblem !== undefined) return [nameOf(ended), { problem: this.archiveProblem }];
        this.archived.set(nameOf(ended), ArchivedRun.parse(JSON.parse(ended.request).run));
        const digest = digestOf(ended.request);
        return [nameOf(ended), { archive: { digest, uri: `http://collector:8080/archives/${digest}` } }];
      }),
    );
  }

  #read(observed: Facts["observed"], run: Facts["run"]) {
    const { stable, candidate, contenders } = run;
    if (contenders !== undefined) {
      const collected = wantedOf(observed, run).map(([pair, cursors]) => this.evidence.read(pair, cursors));
      return { ...NO_EVIDENCE, contended: contended(run, collected) };
    }
    if (stable === undefined || candidate === undefined) return NO_EVIDENCE;
    const pair = pairOf(observed.canary, stable, candidate);
    const gates = rememberedGates(observed, run);
    const collected = this.evidence.read(pair, cursorsOf(observed.canary.spec, candidate, gates));
    return { ...collected, answers: this.answers.read(questionsOf(observed, run, gates)) };
  }

  /** One reconcile. */
  pass(crash?: Crash): Decision {
    const facts = this.facts();
    const { decision, outcome } = this.#decide(facts);
    if (crash === "BeforeEffect") return decision;
    this.events.push(...this.#notes.fresh({ namespace: NAMESPACE, name: CANARY }, decision.note));
    if (decision.effect !== undefined) {
      this.#apply(decision.effect);
      this.events.push(...effectNotes(decision.effect));
    }
    const isOver = this.isGone || this.canary.metadata.deletionTimestamp !== undefined;
    if (crash !== "BeforeStatus" && !isOver) this.#report({ ...facts, outcome });
    return decision;
  }

  /** What the API server refuses changes nothing. */
  #decide(facts: Facts): { readonly decision: Decision; readonly outcome: Outcome } {
    const refusals: Refusal[] = [];
    for (;;) {
      const decision = decide(facts, refusals.length);
      const { effect } = decision;
      if (effect === undefined || !this.refuses(effect))
        return { decision, outcome: { ...(effect && { effect }), refusals } };
      refusals.push({ effect, message: this.refusal(effect) });
    }
  }

  #apply(effect: Effect): void {
    this.effects.push(effect);
    if (effect.type === "AddFinalizer") this.#change({ finalizers: [FINALIZER.canary] });
    else if (effect.type === "RemoveFinalizer") this.#canary = undefined;
    else this.cluster.apply(effect);
  }

  #report(facts: Facts): void {
    const before = this.canary.status;
    const after = status(facts, this.clock.now());
    this.#change({}, { status: after });
    this.statuses.push(after);
    this.events.push(...announcements(before, after));
  }

  #change(metadata: Partial<PreferenceCanary["metadata"]>, rest: Partial<PreferenceCanary> = {}): void {
    const resourceVersion = this.cluster.nextVersion();
    this.#canary = { ...this.canary, ...rest, metadata: { ...this.canary.metadata, ...metadata, resourceVersion } };
  }

  /** Passes until nothing is done any more, waiting as told, at most `ms` in all. Returns how many there were. */
  settle(ms = 60_000, crashes: Readonly<Partial<Record<number, Crash>>> = {}): number {
    let left = ms;
    for (let passes = 0; ; passes++) {
      if (this.isGone) return passes;
      if (passes > 500) throw new Error(`never comes to rest: ${JSON.stringify(decide(this.facts()))}`);
      const before = JSON.stringify(this.#canary?.status);
      const { effect, waitMs } = this.pass(crashes[passes]);
      if (crashes[passes] !== undefined) this.restart();
      if (this.autoReady) this.cluster.readyAll();
      const isQuiet = effect === undefined && JSON.stringify(this.#canary?.status) === before;
      if (!isQuiet || crashes[passes] !== undefined) continue;
      if ((waitMs === undefined || waitMs > Math.min(left, SLOW_MS)) && this.evidence.hear()) continue;
      if (waitMs === undefined || waitMs > left) return passes + 1;
      left -= waitMs;
      this.clock.pause(waitMs);
    }
  }

  /** As settle, and then time goes on to the end of the wait although nothing was to be done by then. */
  later(ms: number): void {
    const until = this.clock.now().getTime() + ms;
    this.settle(ms);
    this.clock.pause(until - this.clock.now().getTime());
    this.settle(0);
  }

  /** A process forgets what it remembered; another one takes over, and hears of evidence only once all else is done. */
  restart(): void {
    this.evidence.forget();
    this.#settling = createSettling(this.clock);
    this.#notes = createWaitingNotes(this.clock);
  }

  upgrade(settings: CanarySettings): void {
    this.#settings = settings;
  }

  /** Git: a changed spec is a new generation. */
  edit(changes: Partial<PreferenceCanary["spec"]>): void {
    const generation = this.canary.metadata.generation + 1;
    this.#change({ generation }, { spec: { ...this.canary.spec, ...changes } });
  }

  annotate(annotations: Readonly<Record<string, string>>): void {
    this.#change({ annotations });
  }

  deleteCanary(): void {
    this.#change({ deletionTimestamp: this.clock.now().toISOString() });
  }

  /** Another object of the same name. */
  createCanaryAgain(): void {
    this.#canary = canaryObject(this.#spec, { uid: "another-uid" });
  }

  setStatus(changes: Partial<PreferenceCanaryStatus>): void {
    this.#change({}, { status: { ...this.canary.status, ...changes } });
  }

  loseStatus(): void {
    const { status: _lost, ...rest } = this.canary;
    this.#canary = rest;
  }

  workload(template = podTemplate()): void {
    this.cluster.put(this.cluster.deployments, {
      metadata: { name: WORKLOAD },
      spec: { replicas: 0, selector: {}, template },
    });
  }

  /** A validated job with this digit's model. */
  job(name: string, digit: string, created: string, uri = modelUri(digit)): void {
    const condition = { type: "Validated", status: "True", reason: "Passed", message: "", lastTransitionTime: created };
    const artifact = { uri, digest: digest(digit), dataset: digest("0"), base: digest("a") };
    const metadata = { name, labels: { [LABEL.publishTo]: CANARY }, creationTimestamp: created };
    this.cluster.put(this.cluster.jobs, {
      metadata,
      status: { artifact, conditions: [condition] },
    } as unknown as DPOJob);
  }

  /** Comparisons of distinct prompts in the current run; 1 is for the candidate. */
  vote(outcomes: readonly number[], cohort: string | null = null): void {
    const { stable = "", candidate } = this.facts().run;
    const pair = pairOf(this.canary, stable, candidate ?? { revision: "" });
    for (const outcome of outcomes) this.evidence.vote(pair, outcome, cohort);
  }

  /** Likewise, of one contender of a selection; or of who was one, once it is over. */
  voteFor(contender: string, outcomes: readonly number[]): void {
    const { stable = "", contenders, target } = this.facts().run;
    const { revision = target?.revision ?? "" } = contenders?.find(({ name }) => name === contender) ?? {};
    for (const outcome of outcomes) this.evidence.vote(pairOf(this.canary, stable, { revision }), outcome);
  }

  /** Of distinct users, of either arm of the current run; 1 is good. */
  rate(arm: "Candidate" | "Stable", outcomes: readonly number[]): void {
    const { stable = "", candidate } = this.facts().run;
    const revision = arm === "Stable" ? stable : (candidate?.revision ?? "");
    for (const outcome of outcomes) this.evidence.rate(revision, outcome);
  }

  check(violations: readonly boolean[]): void {
    const { candidate } = this.facts().run;
    for (const violation of violations) this.evidence.check(candidate?.revision ?? "", violation);
  }
}
