import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { AnswerList } from "../../../src/api/contracts/collector-api.ts";
import { ANNOTATION, LABEL } from "../../../src/api/v1alpha1/metadata.ts";
import { API_VERSION } from "../../../src/api/v1alpha1/object.ts";
import type { PreferenceCanary } from "../../../src/api/v1alpha1/preference-canary.ts";
import { addPreferenceCanaryController } from "../../../src/controllers/preferencecanary/controller.ts";
import { dpoJobs, preferenceCanaries } from "../../../src/controllers/resources.ts";
import { createCollectorClient } from "../../../src/evidence/collector-client.ts";
import { createPrometheusClient, type PrometheusServer } from "../../../src/evidence/prometheus.ts";
import { createWebhookClient, type WebhookEndpoint } from "../../../src/evidence/webhook.ts";
import type { Deployment } from "../../../src/kube/built-in.ts";
import type { HTTPRoute } from "../../../src/kube/gateway-api.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { deployments, httpRoutes, objectPath, services } from "../../../src/kube/resource.ts";
import { createTransport, type Interceptor } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { createManager, type Manager } from "../../../src/runtime/manager.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { CANARY, canarySpec, digest, modelUri, podTemplate, WORKLOAD } from "../../builders/canary.ts";
import { routeFaults } from "../../builders/route-oracle.ts";
import type { History } from "../operator/history.ts";
import type { Installation } from "../operator/install.ts";
import { type Stage, setStage } from "../operator/stage.ts";
import { serviceAccountToken } from "../service-account.ts";
import { createFastClock } from "./fast-clock.ts";
import { probeWithoutServices, startStandIns } from "./stand-ins.ts";

type Json = Readonly<Record<string, unknown>>;
type CanaryTest = (canary: Stored<PreferenceCanary>) => boolean;

/** A canary in a namespace of its own, with everything that it needs around it but the manager. */
export interface CanaryStage {
  readonly stage: Stage;
  readonly routes: History<HTTPRoute>;
  /** A manager with the canary controller alone; a crashed one is stopped by the next call. */
  start(interceptor?: Interceptor): Promise<RunningManager>;
  createCanary(spec?: Json): Promise<void>;
  /** A merge patch by somebody else. */
  patch(body: Json): Promise<void>;
  /** Git: another pod template of the workload. */
  applyWorkload(image?: string, name?: string): Promise<void>;
  /** A validated job with this digit's model. */
  createJob(name: string, digit: string): Promise<void>;
  /** An order: what stands in the annotation of this verb. */
  order(verb: "approve" | "pause" | "promote" | "resume" | "retry" | "rollback", what: string | null): Promise<void>;
  /** Comparisons of the current run at the collector, each of another prompt; or of this contender of a selection. */
  compare(outcome: 0 | 1, count: number, contender?: string): Promise<void>;
  /** So many users of each arm of the current run, by turns, who think this of an answer. */
  rate(values: { readonly candidate: number; readonly stable: number }, count: number): Promise<void>;
  /** So many answers of the candidate, checked and found safe. */
  check(count: number): Promise<void>;
  /** A request to the collector about the namespace; resolves to what it answers. */
  call(method: "GET" | "POST", path: string, body?: object): Promise<unknown>;
  /** Never looks at what was before the last write that was made here. */
  until(what: string, condition: CanaryTest, limitMs?: number): Promise<Stored<PreferenceCanary>>;
  canary(): Promise<Stored<PreferenceCanary> | undefined>;
  /** As a restore from a backup would. */
  loseStatus(): Promise<void>;
  /** What must be true of every version of the route. */
  faults(): string[];
  /** At the end of its test it is closed anyway. */
  close(): Promise<void>;
}

export interface RunningManager {
  /** Warnings and errors that it logged. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

export interface StageOptions {
  /** How much faster than real time the manager's clock runs: 1 where it speaks to somebody who has another one. */
  readonly speed?: number;
  readonly prometheus?: readonly PrometheusServer[];
  readonly webhooks?: readonly WebhookEndpoint[];
  /** Its manager sees its namespace alone, so that several of them can do their work side by side; else all there are. */
  readonly isConfined?: boolean;
  /** Whether some node takes its pods. */
  readonly hasRoom?: (deployment: Stored<Deployment>) => boolean;
}

const SPEED = 20;
const LIMIT_MS = 20_000;

export async function setCanaryStage(installation: Installation, options: StageOptions = {}): Promise<CanaryStage> {
  const stage = await setStage(installation);
  const { namespace, client } = stage;
  const key = { namespace, name: CANARY };
  const canaries = await stage.history(preferenceCanaries);
  const routes = await stage.history(httpRoutes);
  stage.atEnd(await startStandIns(installation.admin, client, namespace, options.hasRoom));
  const sampler = await serviceAccountToken(installation.caller, namespace, "sampler", [
    "dpo-collector",
    "dpo-sampler",
  ]);
  let manager: RunningManager | undefined;
  let closing: Promise<void> | undefined;

  async function heardOf({ metadata: { resourceVersion } }: Stored<PreferenceCanary>): Promise<void> {
    await canaries.until(CANARY, ({ metadata }) => metadata.resourceVersion === resourceVersion);
  }

  async function patch(body: Json): Promise<void> {
    await heardOf(await client.patch(preferenceCanaries, key, { type: "merge", body }));
  }

  async function currentRun(contender?: string) {
    const { stable, candidate, contenders } = (await client.get(preferenceCanaries, key))?.status ?? {};
    const judged = candidate ?? contenders?.find(({ name }) => name === contender);
    if (stable === undefined || judged === undefined) throw new Error("there is no run");
    return { stable, candidate: judged };
  }

  async function call(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
    const url = `${stage.collector.url}/v1/namespaces/${namespace}/${path}`;
    const headers = { authorization: `Bearer ${sampler}`, "content-type": "application/json" };
    const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`the collector refused ${path}: ${await response.text()}`);
    return response.json();
  }

  async function post(path: string, body: object): Promise<void> {
    await call("POST", path, body);
  }

  async function rate({ candidate, stable }: { candidate: number; stable: number }, count: number): Promise<void> {
    const run = await currentRun();
    const of = ({ revision }: { revision: string }, value: number) => {
      const id = randomUUID();
      return { id, revision, rater: `user ${id}`, value };
    };
    const ratings = Array.from({ length: count }, () => [of(run.candidate, candidate), of(run.stable, stable)]).flat();
    await post(`canaries/${CANARY}/ratings`, { ratings });
  }

  async function compare(outcome: 0 | 1, count: number, contender?: string): Promise<void> {
    const { stable, candidate } = await currentRun(contender);
    const arm = (revision: string, isWinner: boolean) =>
      isWinner ? { revision, text: "an answer" } : { revision, error: "no answer" };
    const postPair = async () => {
      const id = randomUUID();
      const pair = {
        id,
        canary: CANARY,
        prompt: `prompt ${id}`,
        stable: arm(stable.revision, outcome === 0),
        candidate: arm(candidate.revision, outcome === 1),
      };
      await post("datasets/support/pairs", pair);
    };
    await Promise.all(Array.from({ length: count }, postPair));
  }

  async function leave(): Promise<void> {
    await manager?.stop();
    // Nobody is left who would honour the finalizers.
    const body = { metadata: { finalizers: null } };
    for (const { metadata } of (await client.list(services, { namespace })).items)
      await client.patch(services, metadata, { type: "merge", body });
    if (canaries.current().length > 0) {
      await client.patch(preferenceCanaries, key, { type: "merge", body }).catch(() => undefined);
      await client.delete(preferenceCanaries, key);
    }
    await stage.close();
  }

  return {
    stage,
    routes,
    call,
    compare,
    rate,
    async check(count) {
      const { stable, candidate } = await currentRun();
      await Promise.all(
        Array.from({ length: count }, () => {
          const id = randomUUID();
          const arm = ({ revision }: { revision: string }, text: string) => ({ revision, text });
          const arms = { stable: arm(stable, "one answer"), candidate: arm(candidate, "another one") };
          return post("datasets/support/pairs", { id, canary: CANARY, prompt: `prompt ${id}`, ...arms });
        }),
      );
      const query = `candidate=${candidate.revision}&unchecked=true&limit=${count}`;
      const { answers } = AnswerList.parse(await call("GET", `canaries/${CANARY}/answers?${query}`));
      const checks = answers.map(({ id: answer }) => ({ id: randomUUID(), answer, violation: false, checker: "test" }));
      await post(`canaries/${CANARY}/checks`, { checks });
    },
    async start(interceptor) {
      await manager?.stop();
      manager = startManager(stage, interceptor, options);
      return manager;
    },
    async createCanary(spec) {
      const object = { apiVersion: API_VERSION, kind: "PreferenceCanary", metadata: key, spec: canarySpec(spec) };
      await heardOf(await client.apply(preferenceCanaries, object as never));
    },
    patch,
    async applyWorkload(image, name = WORKLOAD) {
      const template = podTemplate(modelUri("a"), image);
      const spec = { replicas: 0, selector: { matchLabels: { app: CANARY } }, template };
      await client.apply(deployments, { metadata: { namespace, name }, spec });
    },
    async createJob(name, digit) {
      const labels = { [LABEL.publishTo]: CANARY };
      const base = { uri: modelUri("a"), digest: digest("a") };
      const output = { storage: { pvc: { claimName: "models" } } };
      const spec = { dataset: { name: "support" }, model: base, output };
      const job = await client.apply(dpoJobs, { metadata: { namespace, name, labels }, spec } as never);
      const at = new Date().toISOString();
      const condition = { type: "Validated", status: "True", reason: "Passed", message: "", lastTransitionTime: at };
      const artifact = { uri: modelUri(digit), digest: digest(digit), dataset: digest("0"), base: digest("a") };
      const { uid } = job.metadata;
      await client.applyStatus(dpoJobs, {
        metadata: { namespace, name, uid },
        status: { artifact, conditions: [condition] } as never,
      });
    },
    async order(verb, what) {
      await patch({ metadata: { annotations: { [ANNOTATION[verb]]: what } } });
    },
    async until(what, condition, limitMs = LIMIT_MS) {
      const deadline = performance.now() + limitMs;
      for (;;) {
        // As the watch has brought it: a request for each look would be a good part of what a life costs.
        const [now] = canaries.current();
        if (now !== undefined && condition(now)) return now;
        if (performance.now() > deadline) {
          const [ready] = now?.status?.conditions ?? [];
          const said = JSON.stringify({ status: now?.status, complaints: manager?.complaints }, undefined, 1);
          throw new Error(`the canary never was ${what}, but ${ready?.reason} (${ready?.message}): ${said}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    canary: () => client.get(preferenceCanaries, key),
    async loseStatus() {
      const transport = createTransport(installation.admin);
      const path = objectPath(preferenceCanaries, key, "status");
      const contentType = "application/merge-patch+json";
      const written = await transport.send({ method: "PATCH", path, contentType, body: { status: null } });
      await transport.close();
      await heardOf(written.body as Stored<PreferenceCanary>);
    },
    faults: () => routeFaults(routes.versions, CANARY),
    close() {
      closing ??= leave();
      return closing;
    },
  };
}

function startManager(
  stage: Stage,
  interceptor: Interceptor | undefined,
  { speed = SPEED, isConfined = false, ...asked }: StageOptions,
): RunningManager {
  const complaints: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => void complaints.push(line) });
  const clock = createFastClock(speed);
  const metrics = createMetrics();
  const manager = createManager({
    config: stage.installation.manager,
    name: "dpo.dev/manager",
    identity: `test_${randomUUID()}`,
    interceptor,
    clock,
    random: Math.random,
    logger,
    metrics,
  });
  const { url, tokenFile } = stage.collector;
  const collector = createCollectorClient({ url, tokenFile }, systemClock);
  const settings = { operatorImage: "dpo-operator:test", collectorUrl: url };
  const prometheus = createPrometheusClient(asked.prometheus ?? [], clock);
  const webhooks = createWebhookClient(asked.webhooks ?? [], clock);
  const respondents = { prometheus, webhooks };
  addPreferenceCanaryController(isConfined ? confined(manager, stage.namespace) : manager, {
    clock,
    random: Math.random,
    collector,
    respondents,
    probe: probeWithoutServices,
    logger,
    metrics,
    settings,
  });
  const stopping = new AbortController();
  const running = manager.run(stopping.signal).catch((error: unknown) => void complaints.push(String(error)));
  return {
    complaints,
    async stop() {
      stopping.abort();
      await running;
      await Promise.all([collector.close(), prometheus.close(), webhooks.close()]);
    },
  };
}

function confined(manager: Manager, namespace: string): Manager {
  return {
    ...manager,
    reflector: (resource, selection) => manager.reflector(resource, { ...selection, namespace }),
    optionalReflector: (resource, selection) => manager.optionalReflector(resource, { ...selection, namespace }),
  };
}
