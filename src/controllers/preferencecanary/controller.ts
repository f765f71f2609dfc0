import { FIELD_MANAGER, LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import type { CollectorClient } from "../../evidence/collector-client.ts";
import { createJointReader } from "../../evidence/joint-reader.ts";
import { type KubeObject, keyOf, type ObjectKey } from "../../kube/object.ts";
import {
  controllerRevisions,
  deployments,
  httpRoutes,
  inferenceServices,
  pods,
  services,
  virtualServices,
} from "../../kube/resource.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Controller, Source } from "../../runtime/controller.ts";
import type { Manager } from "../../runtime/manager.ts";
import { itself, labelled, mapped } from "../../runtime/sources.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Probe } from "../../traffic/probe.ts";
import { createProbing } from "../../traffic/probing.ts";
import { createSettling } from "../../traffic/settling.ts";
import { dpoJobs, preferenceCanaries } from "../resources.ts";
import { type AnswerTeller, type AnswerTellerOptions, createAnswerTeller } from "./archive/answer-teller.ts";
import { type ArchiverOptions, createArchiver } from "./archive/archiver.ts";
import type { CanarySettings } from "./desired.ts";
import { type AnswerFeedOptions, createAnswerFeed, type Respondents } from "./evidence/answer-feed.ts";
import { createEvidenceFeed } from "./evidence/evidence-feed.ts";
import { createFoldedGates } from "./gates/folded-gates.ts";
import { createGlances } from "./glances.ts";
import { exposeCanaries } from "./metrics.ts";
import { type Dependencies, reconcile } from "./reconcile.ts";
import { createRollbacks } from "./rollbacks.ts";
import { EXPOSURE } from "./run/exposure.ts";
import { AT_ONCE } from "./status-turns.ts";
import { createStatusWriter } from "./status-writer.ts";
import { createWaitingNotes } from "./waiting-notes.ts";

export interface Options {
  readonly clock: Clock;
  readonly random: () => number;
  readonly collector: Pick<CollectorClient, "evidence" | "news"> &
    ArchiverOptions["collector"] &
    AnswerTellerOptions["collector"];
  readonly respondents: Respondents;
  readonly probe: Probe;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly settings: CanarySettings;
}

/** Well over what is written of status at once: a canary that is rolled back finds a worker that is free. */
const CONCURRENCY = 4 * AT_ONCE;

/** Wakes a canary for itself, all that is labelled as its own, its route, workload or Services, jobs and evidence, and what gateways answer. */
export function addPreferenceCanaryController(manager: Manager, options: Options): Controller {
  const { clock, random, collector, respondents, probe, logger, metrics, settings } = options;
  const canaries = manager.reflector(preferenceCanaries);
  exposeCanaries(metrics.registry, canaries.store);
  const jobs = manager.reflector(dpoJobs);
  const allDeployments = manager.reflector(deployments);
  const allServices = manager.reflector(services);
  // The cache that the other kinds have of their pods, so that these take no more memory.
  const ownPods = manager.reflector(pods, { labels: MANAGED_BY });
  const records = manager.reflector(controllerRevisions, { labels: MANAGED_BY });
  const allInferenceServices = manager.optionalReflector(inferenceServices, { labels: MANAGED_BY });
  const routes = {
    HTTPRoute: manager.optionalReflector(httpRoutes),
    VirtualService: manager.optionalReflector(virtualServices),
  };
  const client = manager.client(FIELD_MANAGER.preferenceCanary);
  const feed = { clock, logger, wake: (key: ObjectKey) => controller.wake(key) };
  const statuses = createStatusWriter({ client, events: manager.recorder, ...feed });
  const glances = createGlances({
    wake: feed.wake,
    wakeFirst: (key) => controller.wakeFirst(key),
    hasNumbers: statuses.hasNumbers,
  });
  const evidence = createEvidenceFeed({
    collector: { ...createJointReader(collector), news: collector.news },
    ...feed,
    wake: glances.heard,
  });
  const teller = createAnswerTeller({ collector, clock, random, logger });
  const answers = createAnswerFeed({ ...respondents, ...feed, heard: tellAnswers(teller) });
  const archiver = createArchiver({ collector, collectorUrl: settings.collectorUrl, ...feed });
  const probing = createProbing({ client, probe, ...feed });
  const deps: Dependencies = {
    canaries: canaries.store,
    sources: {
      jobs: jobs.store,
      deployments: allDeployments.store,
      services: allServices.store,
      pods: ownPods.store,
      records: records.store,
      inferenceServices: allInferenceServices,
      routes(kind) {
        const { isServed, store } = routes[kind];
        return isServed() ? store : undefined;
      },
      isHidden: (kind) => routes[kind].isHidden(),
      settling: createSettling(clock),
      probing,
    },
    evidence,
    answers,
    folded: createFoldedGates(),
    glances,
    archiver,
    client,
    statuses,
    rollbacks: createRollbacks(clock),
    events: manager.recorder,
    notes: createWaitingNotes(clock),
    clock,
    random,
    settings,
  };
  const naming = ({ metadata }: KubeObject, namesOf: (spec: PreferenceCanarySpec) => readonly (string | undefined)[]) =>
    canaries.store
      .list(metadata.namespace)
      .filter(({ spec }) => namesOf(spec).includes(metadata.name))
      .map(keyOf);
  const ofWorkload: Source = mapped(allDeployments, (workload) =>
    naming(workload, ({ serving }) => [serving.workloadRef?.name]),
  );
  const ofService: Source = mapped(allServices, (service) =>
    naming(service, ({ serving: { external }, evidence }) =>
      [external?.stable, external?.candidate, evidence.comparisons.baseline].map((named) => named?.service),
    ),
  );
  const ofAdopted: Source = mapped(routes.HTTPRoute, (route) =>
    naming(route, ({ traffic }) => [traffic.httpRoute?.adopt?.name]),
  );
  const controller = manager.addController({
    name: "preferencecanary",
    sources: [
      itself(canaries),
      // A route has its canary's name; one that is not ours wakes a key that is none.
      itself(routes.HTTPRoute),
      itself(routes.VirtualService),
      ofAdopted,
      labelled(jobs, LABEL.publishTo),
      labelled(allDeployments, LABEL.canary),
      ofWorkload,
      // What KServe makes for an InferenceService has its labels.
      labelled(allInferenceServices, LABEL.canary),
      labelled(allServices, LABEL.canary),
      ofService,
      labelled(ownPods, LABEL.canary),
      labelled(records, LABEL.canary),
    ],
    concurrency: CONCURRENCY,
    reconcile: (key, signal) => reconcile(key, deps, signal),
  });
  manager.addTask(async (stopping) => {
    await new Promise((resolve) => stopping.addEventListener("abort", resolve, { once: true }));
    evidence.stop();
    answers.stop();
    teller.stop();
    archiver.stop();
    probing.stop();
  });
  return controller;
}

/** Counts of what was served are no evidence of a gate. */
function tellAnswers(teller: AnswerTeller): AnswerFeedOptions["heard"] {
  return (canary, { gate, revision, since }, answers) => {
    if (gate !== EXPOSURE)
      teller.tell(canary, { candidate: revision, since: since.toISOString(), gate, answers: [...answers] });
  };
}
