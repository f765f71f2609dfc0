/**
 * How fast a candidate that serves half of 200 requests a second is taken back, through the real gateway: from the
 * collector's acknowledgement of the comparison that decides to the watch event of the route without it, and from there to
 * the start of the last request that it answered.
 *
 *     node bench/rollback/main.ts [rollbacks, 100]
 *
 * On the demo's cluster, which is brought up and stays up. A tenth of the requests is a tester's, another one is of sessions.
 */
import { upCluster } from "../../hack/cluster/up.ts";
import { buildImages, install, operatorReady } from "../../hack/demo/install.ts";
import { NAMES } from "../../hack/demo/objects.ts";
import { makeBaseModel } from "../../hack/demo/prepare.ts";
import { ComparisonPage } from "../../src/api/contracts/collector-api.ts";
import { type Load, underLoad } from "../../test/e2e/load.ts";
import { type Scene, served, setScene, status, trafficCanaryOf, workloadOf } from "../../test/e2e/scene.ts";
import { decide } from "../../test/e2e/scripted-raters.ts";

const [rollbacks = 100] = process.argv.slice(2).map(Number);
const MINUTE = 60_000;
const STEPS = [
  { name: "shadow", weight: 0 },
  { name: "half", weight: 50 },
];

const say = (line: string) => void process.stdout.write(`${line}\n`);

interface Rollback {
  readonly decisionToRouteMs: number;
  readonly routeToLastRequestMs: number;
}

async function main(): Promise<void> {
  const cluster = await upCluster();
  const images = await buildImages(cluster);
  await install(cluster, images);
  await operatorReady(cluster);
  const scene = await setScene(cluster, images, "rollback");
  try {
    const base = await makeBaseModel(cluster, scene.workspace, images.trainer, 1);
    await scene.workspace.apply(workloadOf(scene, base, "first"), trafficCanaryOf(scene, STEPS));
    await served(scene);
    const measured: Rollback[] = [];
    let [requests, failures] = [0, 0];
    let last: string | undefined;
    for (let number = 1; number <= rollbacks; number += 1) {
      await scene.workspace.apply(workloadOf(scene, base, `candidate ${number}`));
      const pair = await halfWay(scene, last);
      last = pair.candidate;
      const load = await underLoad(cluster.gatewayUrl, scene.host, async () => {
        await decide(scene, "Stable");
        await ended(scene, pair.candidate);
      });
      const rollback = await measure(scene, pair, load);
      measured.push(rollback);
      requests += load.answers.length;
      failures += load.failures.length;
      for (const { startedAt, asker, words } of load.failures)
        say(`  failed: ${new Date(startedAt).toISOString()} ${asker}: ${words}`);
      say(`${number}: ${rollback.decisionToRouteMs} ms, then ${rollback.routeToLastRequestMs} ms`);
    }
    report("deciding comparison acknowledged → route stored", measured, "decisionToRouteMs");
    report("route stored → last request to the candidate", measured, "routeToLastRequestMs");
    say(`${requests + failures} requests, ${failures} failed`);
  } finally {
    await scene.close();
  }
}

interface Pair {
  readonly stable: string;
  readonly candidate: string;
}

/** Another candidate than the last one has its half. */
function halfWay(scene: Scene, last: string | undefined): Promise<Pair> {
  return status(scene, 5 * MINUTE, ({ stable, candidate, step, weights }) => {
    const isHalf = step?.name === "half" && weights?.since !== undefined;
    if (!isHalf || stable === undefined || candidate === undefined || candidate.revision === last) return undefined;
    return { stable: stable.revision, candidate: candidate.revision };
  });
}

function ended(scene: Scene, revision: string): Promise<unknown> {
  return status(scene, 3 * MINUTE, ({ lastRun, candidate, phase }) =>
    candidate === undefined && phase === "RolledBack" && lastRun?.revision === revision ? lastRun : undefined,
  );
}

async function measure(scene: Scene, { stable, candidate }: Pair, load: Load): Promise<Rollback> {
  const { gates } = await status(scene, MINUTE, (now) => now);
  const sequence = gates?.find(({ name }) => name === "winRate")?.failedAt?.sequence;
  const path = `/v1/namespaces/${scene.namespace}/canaries/${NAMES.canary}/comparisons`;
  const { body } = await scene.workspace.collector.send(
    "GET",
    `${path}?candidate=${candidate}&stable=${stable}&limit=1000`,
  );
  const deciding = ComparisonPage.parse(body).records.find((record) => record.sequence === sequence);
  const rejected = scene.observer.rejectedAt(candidate);
  if (deciding === undefined || rejected === undefined) throw new Error(`${candidate} was not rolled back by raters`);
  const last = load.answers.filter(({ arm }) => arm === candidate).map(({ startedAt }) => startedAt);
  return {
    decisionToRouteMs: rejected - Date.parse(deciding.at),
    routeToLastRequestMs: Math.max(...last, rejected) - rejected,
  };
}

function report(what: string, measured: readonly Rollback[], field: keyof Rollback): void {
  const sorted = measured.map((each) => each[field]).toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  say(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms of ${sorted.length}`);
}

await main();
