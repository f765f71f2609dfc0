import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { GATEWAY } from "../../hack/cluster/settings.ts";
import { type Model, NAMES } from "../../hack/demo/objects.ts";
import { makeBaseModel } from "../../hack/demo/prepare.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import type { Load } from "./load.ts";
import { ended, halfWay, losingAMoment, lossless } from "./runs.ts";
import { answered, canaryOf, type Scene, setScene, status, workloadOf } from "./scene.ts";
import { decide } from "./scripted-raters.ts";
import { BEFORE, serverBefore } from "./server-before.ts";

/**
 * A Deployment, its Service and an HTTPRoute that serve users become a canary's, while 200 requests a second go through
 * the gateway: docs/traffic.md, where Git keeps its route and gets it back, and docs/takeover.md, where it lets go of it.
 */

const MINUTE = 60_000;
const ROUTE = "shop";
/** An answer without the operator's mark: that of the server which was there before. */
const UNMARKED = "undefined";

const STEPS = [
  { name: "shadow", weight: 0 },
  { name: "tenth", weight: 10, minDuration: "2s" },
  { name: "half", weight: 50, minDuration: "2s" },
];

const WISHES = {
  evidence: { comparisons: { percent: 5, dataset: { name: NAMES.dataset } } },
  steps: STEPS,
  gates: { winRate: {} },
};

let scene: Scene;
let base: Model;

beforeAll(async () => {
  scene = await setScene(inject("cluster"), inject("images"), "takeover");
  base = await makeBaseModel(scene.cluster, scene.workspace, scene.images.trainer, 1);
  await scene.workspace.apply(...serverBefore(scene, base), gitsRoute(), workloadOf(scene, base, "first"));
  await run("rollout", "status", `deployment/${BEFORE}`, "--timeout=120s");
  await answered(scene);
});

afterAll(async () => {
  await scene?.close();
});

/** The route that Git has, which leads there. */
function gitsRoute(): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: ROUTE },
    spec: {
      parentRefs: [{ name: GATEWAY.name, namespace: GATEWAY.namespace }],
      hostnames: [scene.host],
      rules: [{ name: "chat", backendRefs: [{ name: BEFORE, port: 80 }] }],
    },
  };
}

function run(...args: string[]): Promise<string> {
  return kubectl(scene.cluster, [...args, "--namespace", scene.namespace]);
}

function route(): HTTPRoute | undefined {
  return scene.routes.current().find(({ metadata }) => metadata.name === ROUTE);
}

/** Who answered users, one request after the other. What answers testers bears another mark. */
function servedBy({ answers }: Load): string[] {
  return answers.filter(({ asker }) => asker === "User").map(({ arm }) => arm);
}

describe("a route that Git owns, at 200 requests a second", () => {
  test("loses no more than a moment when a canary adopts it", { timeout: 10 * MINUTE }, async () => {
    let stable: string | undefined;
    const load = await losingAMoment(scene, async () => {
      const traffic = { httpRoute: { adopt: { name: ROUTE, rule: "chat" } } };
      await scene.workspace.apply(canaryOf(scene, { ...WISHES, traffic }));
      stable = await status(scene, 5 * MINUTE, (now) => (now.phase === "Idle" ? now.stable?.revision : undefined));
    });
    expect(servedBy(load)[0]).toBe(UNMARKED);
    expect(servedBy(load).at(-1)).toBe(stable);
  });

  test("loses none over a promotion", { timeout: 10 * MINUTE }, async () => {
    const load = await lossless(scene, async () => {
      const { candidate } = await halfWay(scene, base, "promoted");
      await decide(scene, "Candidate");
      await ended(scene, candidate, "Promoted");
    });
    expect(new Set(servedBy(load)).size).toBe(2);
  });

  test("loses none over a rollback", { timeout: 10 * MINUTE }, async () => {
    const load = await lossless(scene, async () => {
      const { candidate } = await halfWay(scene, base, "rolled-back");
      await decide(scene, "Stable");
      await ended(scene, candidate, "RolledBack");
    });
    expect(new Set(servedBy(load)).size).toBe(2);
  });

  test("loses no more than a moment when the canary is deleted, and Git's Service has them again", {
    timeout: 10 * MINUTE,
  }, async () => {
    const load = await losingAMoment(scene, async () => {
      await run("delete", "preferencecanary", NAMES.canary, "--timeout=120s");
      await sleep(2_000);
    });
    expect(servedBy(load).at(-1)).toBe(UNMARKED);
    expect(route()?.spec.rules).toMatchObject([{ name: "chat", backendRefs: [{ name: BEFORE, port: 80 }] }]);
    expect(JSON.stringify(route())).not.toContain("dpo.dev/");
    const left = await run("get", "deployments,services", `--selector=dpo.dev/canary=${NAMES.canary}`, "--output=name");
    expect(left.trim()).toBe("");
  });

  test("loses none when it is let go of beside a canary's own", { timeout: 10 * MINUTE }, async () => {
    let stable: string | undefined;
    const load = await lossless(scene, async () => {
      await scene.workspace.apply(canaryOf(scene, { ...WISHES, suspend: true }));
      await status(scene, 5 * MINUTE, (now) => now.conditions?.find(({ reason }) => reason === "RouteNotServed"));
      const away = [{ op: "replace", path: "/spec/hostnames", value: ["retired.localhost"] }];
      await run("patch", "httproute", ROUTE, "--type=json", "--patch", JSON.stringify(away));
      await sleep(1_000);
      await run("delete", "httproute", ROUTE);
      stable = await status(scene, MINUTE, (now) => (now.phase === "Idle" ? now.stable?.revision : undefined));
    });
    expect(servedBy(load)[0]).toBe(UNMARKED);
    expect(servedBy(load).at(-1)).toBe(stable);
  });
});
