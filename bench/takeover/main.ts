/**
 * What users notice of the writes with which a route is taken over, at 200 requests a second through the real gateway: the
 * backends of a rule get their first filters, or lose the last one; an old route is deleted beside a new one of the same
 * host name, at once or after it was given another host name.
 *
 *     node bench/takeover/main.ts [times that each is done, 40]
 *
 * On the demo's cluster, which is brought up and stays up. One Deployment is behind everything, and no canary has a part.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { GATEWAY } from "../../hack/cluster/settings.ts";
import { upCluster } from "../../hack/cluster/up.ts";
import { buildImages } from "../../hack/demo/install.ts";
import { makeBaseModel } from "../../hack/demo/prepare.ts";
import type { HTTPBackendRef } from "../../src/kube/gateway-api.ts";
import { mark } from "../../src/traffic/http-rules.ts";
import { type Load, underLoad } from "../../test/e2e/load.ts";
import { answered, type Scene, setScene } from "../../test/e2e/scene.ts";
import { BEFORE, serverBefore } from "../../test/e2e/server-before.ts";

const [times = 40] = process.argv.slice(2).map(Number);
/** Longer than a write takes to be live, and its requests to end. */
const BETWEEN_MS = 2_500;
/** kubectl's answer comes some time after the write. */
const BEFORE_MS = 1_000;

const say = (line: string) => void process.stdout.write(`${line}\n`);

interface Done {
  readonly what: string;
  readonly at: number;
}

async function main(): Promise<void> {
  const cluster = await upCluster();
  const images = await buildImages(cluster);
  const scene = await setScene(cluster, images, "takeover");
  try {
    const base = await makeBaseModel(cluster, scene.workspace, images.trainer, 1);
    await scene.workspace.apply(...serverBefore(scene, base), route(scene, "route-0", plain));
    await kubectl(cluster, ["rollout", "status", `deployment/${BEFORE}`, "--namespace", scene.namespace]);
    await answered(scene);
    const done: Done[] = [];
    const load = await underLoad(cluster.gatewayUrl, scene.host, async () => {
      for (let time = 1; time <= times; time += 1) await once(scene, time, done);
    });
    report(load, done);
  } finally {
    await scene.close();
  }
}

const plain: readonly HTTPBackendRef[] = [{ name: BEFORE, port: 80 }];

const marked: readonly HTTPBackendRef[] = [1_000_000, 0].map((weight) => ({
  name: BEFORE,
  port: 80,
  weight,
  filters: [
    { type: "ResponseHeaderModifier", responseHeaderModifier: { set: mark({ revision: BEFORE, weight }, "epoch") } },
  ],
}));

function route({ host }: Scene, name: string, backendRefs: readonly HTTPBackendRef[]) {
  const parentRefs = [{ name: GATEWAY.name, namespace: GATEWAY.namespace }];
  const spec = { parentRefs, hostnames: [host], rules: [{ backendRefs }] };
  return { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata: { name }, spec };
}

/** Each kind of write once; a new route serves then, without filters. */
async function once(scene: Scene, time: number, done: Done[]): Promise<void> {
  const { workspace, cluster, namespace } = scene;
  const run = (...args: string[]) => kubectl(cluster, [...args, "--namespace", namespace]);
  const act = async (what: string, write: Promise<unknown>) => {
    await write;
    done.push({ what, at: Date.now() });
    await sleep(BETWEEN_MS);
  };
  const [first, second, third] = [`route-${2 * time - 2}`, `route-${2 * time - 1}`, `route-${2 * time}`];
  await act("the first filters come", workspace.apply(route(scene, first, marked)));
  await act("the last filters go", workspace.apply(route(scene, first, plain)));
  await act("another route is made", workspace.apply(route(scene, second, plain)));
  await act("the old route is deleted", run("delete", "httproute", first));
  await act("another route is made", workspace.apply(route(scene, third, plain)));
  const away = JSON.stringify({ spec: { hostnames: ["retired.localhost"] } });
  await act("the old route gets another host name", run("patch", "httproute", second, "--type=merge", "--patch", away));
  await act("the old route is deleted after that", run("delete", "httproute", second));
}

function report({ answers, failures }: Load, done: readonly Done[]): void {
  for (const [what, writes] of Map.groupBy(done, (each) => each.what)) {
    const lost = writes.map(({ at }) => failures.filter(({ startedAt }) => isNear(startedAt, at)));
    const counts = lost.map(({ length }) => length).filter((count) => count > 0);
    const spans = lost.filter(({ length }) => length > 0).map(spanOf);
    const most = counts.length === 0 ? "" : `, ${Math.max(...counts)} at most, within ${Math.max(...spans)} ms`;
    say(
      `${what}: ${counts.length} of ${writes.length} lost requests, ${counts.reduce((a, b) => a + b, 0)} in all${most}`,
    );
  }
  say(`${answers.length + failures.length} requests, ${failures.length} failed`);
}

function isNear(startedAt: number, writtenAt: number): boolean {
  return startedAt > writtenAt - BEFORE_MS && startedAt < writtenAt + BETWEEN_MS - BEFORE_MS;
}

function spanOf(failures: Load["failures"]): number {
  const times = failures.map(({ startedAt }) => startedAt);
  return Math.max(...times) - Math.min(...times);
}

await main();
