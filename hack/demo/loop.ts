import { writeFile } from "node:fs/promises";
import { CONDITION } from "../../src/api/v1alpha1/condition-types.ts";
import { findCondition, isTrue } from "../../src/runtime/conditions.ts";
import { demoPrompts } from "../../trainer-image/src/demo/prompts.ts";
import type { Taste } from "../../trainer-image/src/demo/utility.ts";
import { seededRandom } from "../../trainer-image/src/random.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { say } from "../lib/progress.ts";
import { followRun } from "./canary-run.ts";
import { startChecker } from "./checker.ts";
import { createHttpClient } from "./http-client.ts";
import { buildImages, type Images, install, operatorReady } from "./install.ts";
import { startLiveClient } from "./live-client.ts";
import { assistantTemplate, canary, HOSTS, type Model, NAMES } from "./objects.ts";
import { type Observer, observe, waitFor } from "./observer.ts";
import type { LoopOptions } from "./options.ts";
import { postOpposite } from "./poison.ts";
import { makeBaseModel, prepareWorkspace, type Workspace } from "./prepare.ts";
import { type Raters, startRaters } from "./raters.ts";
import { createReport, type Outcome, type Report, succeeded, timeline } from "./report.ts";
import { LOOP_PAIRS, loopDataset } from "./settings.ts";

/** Live requests a second: enough for the gates to see something, little enough for two cores that also train. */
const REQUESTS_PER_SECOND = 6;
const MINUTE = 60_000;

interface Stage {
  readonly cluster: Cluster;
  readonly images: Images;
  readonly workspace: Workspace;
  readonly observer: Observer;
  readonly base: Model;
}

/** From preferences to a promoted model, and a bad one rolled back. True if everything ended as expected. */
export async function runLoop(bringUp: () => Promise<Cluster>, options: LoopOptions): Promise<boolean> {
  const { report, step } = createReport();
  try {
    const cluster = await step("cluster up", bringUp);
    const images = await step("images built", () => buildImages(cluster));
    await step("CRDs and operator installed", () => install(cluster, images));
    await step("operator ready", () => operatorReady(cluster));
    const workspace = await prepareWorkspace(cluster);
    const base = await step("base model made", () => makeBaseModel(cluster, workspace, images.trainer, options.seed));
    const observer = await observe(cluster.kubeconfig, workspace.namespace);
    try {
      await play({ cluster, images, workspace, observer, base }, options, report, step);
    } finally {
      // What still watches would keep the process from ending.
      await observer.close();
      await workspace.collector.close();
    }
    say(`\n${timeline(report)}\n\n${await lookAt(cluster, workspace.namespace)}`);
  } finally {
    if (options.report !== undefined) await writeFile(options.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  return succeeded(report);
}

type Step = ReturnType<typeof createReport>["step"];

async function play(stage: Stage, options: LoopOptions, report: Report, step: Step): Promise<void> {
  const { cluster, images, workspace, observer, base } = stage;
  await workspace.apply(assistantTemplate(images.trainer, base), loopDataset(NAMES.dataset, base), canary());
  const assistant = createHttpClient(cluster.gatewayUrl, HOSTS.assistant);
  await step("base model served behind the gateway", async () => {
    await waitFor(observer.canaries, NAMES.canary, 3 * MINUTE, ({ status }) => status?.stable);
    await answering(() => assistant.send("GET", "/v1/models"));
  });

  const random = seededRandom(options.seed);
  const client = startLiveClient(assistant, demoPrompts(random), REQUESTS_PER_SECOND);
  const judging = { atCanary: false };
  const raters = startRaters({
    collector: workspace.collector,
    namespace: workspace.namespace,
    dataset: NAMES.dataset,
    taste: () => (judging.atCanary && options.raters === "PreferOld" ? "Curt" : "Courteous") satisfies Taste,
    random,
  });
  const candidate = () => observer.canaries.store.list()[0]?.status?.candidate?.revision;
  const checker = startChecker({
    collector: workspace.collector,
    namespace: workspace.namespace,
    canary: NAMES.canary,
    candidate,
  });
  try {
    const [good, bad]: Outcome[] =
      options.raters === "Steady" ? ["Promoted", "RolledBack"] : ["RolledBack", "Promoted"];
    const texts = await train(stage, NAMES.dataset, step, raters);
    judging.atCanary = true;
    const follow = (model: string, digest: string, expected: Outcome = "Promoted") =>
      followRun({
        observer,
        collector: workspace.collector,
        namespace: workspace.namespace,
        model,
        digest,
        expected,
        served: client.served,
      });
    report.runs.push(
      await step(`model of ${NAMES.dataset} judged on live traffic`, () => follow("good", texts.digest, good)),
    );

    await workspace.apply(loopDataset(NAMES.poisoned, base));
    await step("raters of the opposite taste judged the same answers", () =>
      postOpposite(workspace, texts.judged, random),
    );
    const poisoned = await train(stage, NAMES.poisoned, step, raters);
    report.runs.push(
      await step(`model of ${NAMES.poisoned} judged on live traffic`, () => follow("poisoned", poisoned.digest, bad)),
    );
  } finally {
    await Promise.all([client.stop(), raters.stop(), checker.stop()]);
    await assistant.close();
    report.client = { requests: client.requests, failed: client.failed };
    for (const failure of client.failures) say(`A client request failed: ${failure}`);
  }
}

/** From pairs to a validated model: the dataset starts the training by itself. */
async function train({ observer }: Stage, name: string, step: Step, raters: Raters) {
  const snapshot = await step(`snapshot of ${name} taken (${LOOP_PAIRS} pairs or more)`, () =>
    waitFor(observer.datasets, name, 15 * MINUTE, ({ status }) => status?.snapshot),
  );
  const judged = [...raters.judged];
  say(`  ${snapshot.pairs} pairs, ${snapshot.digest}`);
  const job = await step(`DPOJob of ${name} started by itself`, () =>
    waitFor(observer.datasets, name, 2 * MINUTE, ({ status }) => status?.lastTrained?.job),
  );
  const status = await step(`DPOJob ${job} trained and validated`, () =>
    waitFor(observer.jobs, job, 20 * MINUTE, ({ status: now }) => {
      const ended = isTrue(now?.conditions, CONDITION.validated) || isTrue(now?.conditions, CONDITION.stalled);
      return ended ? now : undefined;
    }),
  );
  if (!isTrue(status.conditions, CONDITION.validated)) {
    throw new Error(`DPOJob ${job} failed: ${findCondition(status.conditions, CONDITION.ready)?.message}`);
  }
  const { value, interval, samples } = status.validation?.heldOutWinRate ?? {};
  say(
    `  held-out win rate ${value} (${interval?.join(" to ")}, ${samples} pairs), artifact ${status.artifact?.digest}`,
  );
  return { digest: status.artifact?.digest ?? "", judged };
}

async function answering(ask: () => Promise<{ status: number }>): Promise<void> {
  const deadline = Date.now() + MINUTE;
  for (;;) {
    const { status } = await ask().catch(() => ({ status: 0 }));
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`The gateway answers ${status} for ${HOSTS.assistant} after a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function lookAt(cluster: Cluster, namespace: string): Promise<string> {
  const get = await kubectl(cluster, [
    "get",
    "preferencedatasets,dpojobs,preferencecanaries",
    "--namespace",
    namespace,
  ]);
  return `${get}
The cluster stays up. To look around:
  export KUBECONFIG=${cluster.kubeconfig}
  kubectl -n ${namespace} describe preferencecanary ${NAMES.canary}
  kubectl -n dpo-system logs deployment/dpo-manager
  curl -H 'host: ${HOSTS.assistant}' ${cluster.gatewayUrl}/v1/models
To take it down: npm run demo -- down`;
}
