import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { PreferenceCanarySpec } from "../../../src/api/v1alpha1/preference-canary.ts";
import { explainGate } from "../../../src/cli/explain/gates.ts";
import { canarySpec, digest, modelUri, podTemplate } from "../../builders/canary.ts";
import { CanaryWorld } from "../../builders/canary-world.ts";
import { dpo, folderWith } from "./run-dpo.ts";

const checked = canarySpec({
  evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
  gates: { winRate: { min: "60%", target: "70%" }, safety: {} },
});

/** A canary whose candidate got these comparisons, as kubectl would print it. */
function judged(outcomes: readonly (0 | 1)[]): CanaryWorld {
  const world = new CanaryWorld(checked);
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  world.vote(outcomes);
  world.settle();
  return world;
}

const twoOfThree = Array.from({ length: 26 }, () => [1, 1, 0] as const).flat();
const wins = (count: number) => Array<1>(count).fill(1);

async function explained(world: CanaryWorld): Promise<string> {
  const { code, stdout, stderr } = await dpo(["explain", "-f", "-"], { stdin: stringify(world.canary) });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("why a gate says what it says", () => {
  test("Undecided: numbers, how much more it takes, promises and what they are about", async () => {
    const world = judged(twoOfThree);
    const text = await explained(world);
    expect(text).toMatch(/^chat\/assistant: Progressing\. Candidate [0-9a-f]{10} is in step half, 3 of 3, with 50% of/);
    expect(text).toContain("winRate: Undecided\n  66.7% of 78 comparisons preferred the candidate (interval ");
    expect(text).toContain("If it goes on at 66.7%, promotion takes about ");
    expect(text).toContain("If it goes on at 66.7%, evidence for rollback is never enough.");
    expect(text).toContain("A model at or under 60% is promoted with at most 5% probability.");
    expect(text).toContain("A model at or over 70% is rolled back with at most 5% probability.");
    expect(text).toContain("one prompt is one bet");
    expect(text).toContain("safety: Undecided\n  No answer checked yet");
    expect(text).toContain("A Pass takes 100 more checks without a violation.");
  });

  test("a win rate against a baseline says so, and that it is not one against stable", async () => {
    const baseline = { service: "rival", port: 8000 };
    const world = new CanaryWorld({
      ...checked,
      evidence: { comparisons: { baseline, dataset: { name: "support" } }, checks: {} },
    });
    world.workload();
    const spec = { clusterIP: "10.0.0.9", ports: [{ port: 8000 }] };
    world.cluster.put(world.cluster.services, { metadata: { name: "rival" }, spec });
    world.settle();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    world.vote(twoOfThree);
    world.settle();
    const text = await explained(world);
    expect(text).toContain("66.7% of 78 comparisons preferred the candidate to rival:8000 (interval ");
    expect(text).toContain("They are about the candidate against baseline rival:8000, by the requests that it answers");
    expect(await explained(judged(twoOfThree))).not.toContain("baseline");
  });

  test("choices that were corrected are told with what became of them", async () => {
    const world = judged(twoOfThree);
    expect(await explained(world)).not.toContain("corrected");
    const [winRate, ...others] = world.status.gates ?? [];
    world.setStatus({ gates: winRate === undefined ? [] : [{ ...winRate, corrections: 2 }, ...others] });
    const words = "Choices that were corrected later: 2. The first version of each stays the bet that it was.";
    expect(await explained(world)).toContain(words);
  });

  test("a weight that answers do not show yet is told with the one that they do", async () => {
    const world = judged([]);
    world.setStatus({ weights: { desired: 50, verified: 10 } });
    expect(await explained(world)).toContain("with 50% of the requests (answers show 10% so far).");
    world.setStatus({ weights: { desired: 50, verified: 50 } });
    expect(await explained(world)).toContain("with 50% of the requests.");
  });

  test("of several models each, at its part of the rates, and how often it is compared", async () => {
    const model = (name: string, digit: string) => ({ name, uri: modelUri(digit), digest: digest(digit) });
    const candidates = [model("red", "b"), model("green", "c")];
    const world = new CanaryWorld({ ...checked, model: { candidates }, selection: {} });
    world.workload();
    world.settle();
    world.voteFor("red", twoOfThree.slice(0, 30));
    world.voteFor("green", Array<0>(60).fill(0));
    world.later(10_000);
    const text = await explained(world);
    expect(text).toContain(
      "Progressing. One of 2 models is to be chosen (selection 1/2 left), and none of them serves users.",
    );
    expect(text).toMatch(
      /\nred \([0-9a-f]{10}\): Compared, gets 100% of the comparisons from now on\nwinRate: Undecided\n {2}66.7% of 30/,
    );
    expect(text).toMatch(/\ngreen \([0-9a-f]{10}\): RolledBack\nwinRate: Fail\n/);
    expect(text).toContain("A model at or under 60% is promoted with at most 2.5% probability.");
    expect(text).toContain("Each of 2 models is judged at one part in 2 of the rates that the spec names");
    world.voteFor("red", wins(60));
    world.settle();
    world.annotate({ "dpo.dev/rollback": world.status.candidate?.revision ?? "" });
    world.settle();
    const over = await explained(world);
    expect(over).toContain("ended as RolledBack");
    expect(over).toContain("Each of 2 models is judged at one part in 2 of the rates that the spec names");
  });

  test("as many comparisons more as it says bring the verdict, and one less does not", async () => {
    const text = await explained(judged(wins(5)));
    const more = Number(/If it goes on at 100%, promotion takes about (\d+) comparisons more/.exec(text)?.[1]);
    expect(await explained(judged(wins(5 + more)))).toContain("winRate: Pass");
    expect(await explained(judged(wins(5 + more - 1)))).toContain("winRate: Undecided");
  });

  test("Shifting: what was folded before the change speaks for a promotion no more", async () => {
    const fallen = [...wins(60), ...Array<0>(25).fill(0)];
    const text = await explained(judged(fallen));
    expect(text).toContain("winRate: Shifting\n");
    expect(text).toMatch(/the mean fell: .*nothing passes before \d+ comparisons/);
    const rate = Number(/If it goes on at ([\d.]+)%, promotion takes about/.exec(text)?.[1]) / 100;
    const more = Number(/promotion takes about (\d+) comparisons more/.exec(text)?.[1]);
    expect(more).toBeGreaterThan(120);
    const on = (count: number) =>
      Array.from({ length: count }, (_, i) => (Math.floor((i + 1) * rate) > Math.floor(i * rate) ? 1 : 0) as 0 | 1);
    expect(await explained(judged([...fallen, ...on(more + 5)]))).toContain("winRate: Pass");
    expect(await explained(judged([...fallen, ...on(more - 15)]))).not.toContain("winRate: Pass");
  });

  test("Fail: final, so nothing more is needed; the promises stay", async () => {
    const text = await explained(judged(Array<0>(60).fill(0)));
    expect(text).toMatch(
      /^chat\/assistant: RolledBack\. .*There is no candidate; the last run, of \w+, ended as RolledBack/,
    );
    expect(text).toContain("winRate: Fail\n");
    expect(text).toMatch(/evidence for rollback reached 20 at the collector's number \d+/);
    expect(text).not.toMatch(/goes on at|A Pass takes/);
    expect(text).toContain("A model at or over 70% is rolled back");
  });

  test("a run that no gate ended says what did", async () => {
    const world = judged(twoOfThree);
    world.annotate({ "dpo.dev/rollback": world.status.candidate?.revision ?? "" });
    world.settle();
    expect(await explained(world)).toMatch(/ended as RolledBack at [^\n]*\nBy order, dpo.dev/);
  });

  test("a candidate with stable's own model is asked to be not worse", async () => {
    const world = new CanaryWorld(checked);
    world.workload();
    world.settle();
    world.workload(podTemplate(undefined, "server:2"));
    world.settle(30_000);
    world.vote([1, 0]);
    world.settle();
    const text = await explained(world);
    expect(text).toContain("A model at or over 50% is rolled back");
    expect(text).toContain("asked to be not worse");
  });

  test("changed numbers: the rates no longer hold", async () => {
    const world = judged(twoOfThree.slice(0, 30));
    const { gates } = world.canary.spec;
    world.edit({ gates: { ...gates, winRate: { ...gates.winRate, target: "65%" } } });
    world.settle(30_000);
    expect(await explained(world)).toMatch(
      /others when the first piece of evidence came \(.*target 70%.*\): the promised/,
    );
  });

  test("before any candidate", async () => {
    const world = new CanaryWorld(checked);
    world.workload();
    world.settle();
    expect(await explained(world)).toContain("No run has been judged yet");
  });

  test("a canary without status is none to explain: exit code 1", async () => {
    const { status: _, ...unseen } = judged([]).canary;
    expect(await dpo(["explain", "-f", "-"], { stdin: stringify(unseen) })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("has no status: take it from kubectl get -o yaml"),
    });
  });
});

test.each([
  ["compliance", "A model at or over 70% is rolled back", "one rater is one bet"],
  ["regression", "5 points", "while both arms serve"],
  ["mismatch", "are called mismatched with at most 1% probability", "it does not hold where sessions stick"],
  [
    "calibration",
    "by more than 10% on average passes with at most 5%",
    "whose pair was posted with the candidate's margin",
  ],
  ["cohorts", "A model at or over 45% in all of 2 cohorts is rolled back", "in the header x-dpo-cohort"],
])("%s has its own promises, and what they are about", (name, promise, about) => {
  const spec = PreferenceCanarySpec.parse(
    canarySpec({
      gates: {
        ...{ winRate: {}, compliance: {}, regression: {}, cohorts: { names: ["en", "de"] } },
        ...{ mismatch: {}, calibration: {} },
      },
    }),
  );
  const status = { name, verdict: "Undecided", samples: 10, sum: "8", message: "" } as const;
  const explained = explainGate(spec, status, false);
  expect(explained.promises.join(" ")).toContain(promise);
  expect(explained.about).toContain(about);
});

test.each([
  ["Prompt", 1, "one prompt is one bet, by its first vote. They say nothing of other raters"],
  ["Prompt", 2, "one prompt is one bet, by its vote number 2."],
  ["Rater", 1, "about all the people whom the raters are a sample of: one rater is one bet, by their first vote,"],
])("what the rates of winRate are about follows from the unit: %s, vote %d", (unit, votesPerUnit, about) => {
  const comparisons = { dataset: { name: "support" }, unit, votesPerUnit };
  const spec = PreferenceCanarySpec.parse(canarySpec({ evidence: { comparisons } }));
  const status = { name: "winRate", verdict: "Undecided", samples: 10, sum: "8", message: "" } as const;
  expect(explainGate(spec, status, false).about).toContain(about);
});

test("with a judge the rates are about what it prefers, and not about people", () => {
  const raters = { judge: { name: "strict", url: "http://llm:8000/v1", model: "llama" } };
  const comparisons = { dataset: { name: "support" }, raters };
  const spec = PreferenceCanarySpec.parse(canarySpec({ evidence: { comparisons } }));
  const { about } = explainGate(
    spec,
    { name: "winRate", verdict: "Undecided", samples: 10, sum: "8", message: "" },
    false,
  );
  expect(about).toContain("about what judge strict (llama) prefers");
  expect(about).toContain("They say nothing of what people prefer");
});

test("cohorts that are compared in other shares make the rates those of a mixture, but not each cohort's own", () => {
  const cohorts = [{ name: "fr", percent: 50 }];
  const spec = PreferenceCanarySpec.parse(
    canarySpec({
      evidence: { comparisons: { dataset: { name: "support" }, cohorts } },
      gates: { winRate: {}, cohorts: { names: ["fr"] } },
    }),
  );
  const about = (name: "winRate" | "cohorts") =>
    explainGate(spec, { name, verdict: "Undecided", samples: 10, sum: "8", message: "" }, false).about;
  expect(about("winRate")).toContain("as they are compared (50% of fr, 5% of all others), not as users send them.");
  expect(about("cohorts")).not.toContain("as they are compared");
});

/** An API server that holds this one canary. */
async function cluster(
  canary: CanaryWorld["canary"],
): Promise<{ readonly kubeconfig: string; readonly paths: string[] }> {
  const paths: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    paths.push(url);
    const isThere = url.endsWith("/namespaces/chat/preferencecanaries/assistant");
    response.writeHead(isThere ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isThere ? canary : { kind: "Status", reason: "NotFound", message: "not found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { kubeconfig: kubeconfigOf(port), paths };
}

function kubeconfigOf(port: number): string {
  return stringify({
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "here", user: "me", namespace: "chat" } }],
    clusters: [{ name: "here", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: { token: "secret" } }],
  });
}

test("gates that ask other systems: what is asked, and what is promised of it", async () => {
  const metrics = [{ name: "latency", prometheus: { query: "p99" }, max: "0.8" }];
  const world = new CanaryWorld(canarySpec({ gates: { winRate: {}, metrics, webhook: { endpoint: "board" } } }));
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  world.answers.sample("metrics/latency", 0.5, 0.9);
  world.answers.say("webhook", { type: "Webhook", verdict: "Undecided", message: "counting" });
  world.settle();
  const text = await explained(world);
  expect(text).toContain("metrics/latency: Undecided\n  1 of 2 samples break the bound, at most 0.8 ");
  expect(text).toContain(
    "A model whose samples are at most 0.8, but for 10% of them or fewer, is rolled back with at most 5%",
  );
  expect(text).toContain("Prometheus default is asked: p99");
  expect(text).toContain("webhook: Undecided\n  Board said Undecided in its answer 1: counting.");
  expect(text).toContain("No error rate is promised: board is asked every 5m, and answers for what it says.");
});

describe("a canary of the cluster", () => {
  test.each([[["chat/assistant"]], [["assistant", "-n", "chat"]], [["assistant"]]])("%j", async (args) => {
    const { kubeconfig } = await cluster(judged(twoOfThree).canary);
    const cwd = folderWith({ config: kubeconfig });
    const { code, stdout } = await dpo(["explain", ...args, "--kubeconfig", "config"], { cwd });
    expect([code, stdout]).toEqual([0, expect.stringContaining("winRate: Undecided")]);
    expect(await dpo(["explain", ...args], { cwd, environment: { KUBECONFIG: `${cwd}/config` } })).toMatchObject({
      code: 0,
    });
  });

  test("that is not there is named, with its namespace: exit code 1", async () => {
    const { kubeconfig } = await cluster(judged([]).canary);
    const cwd = folderWith({ config: kubeconfig });
    expect(await dpo(["explain", "other/assistant", "--kubeconfig", "config"], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there is no PreferenceCanary assistant in namespace other"),
    });
  });

  test("that cannot be asked for: exit code 1 and one line", async () => {
    const cwd = folderWith({ config: kubeconfigOf(1) });
    for (const [kubeconfig, message] of [
      ["config", "does not answer"],
      ["absent", "cannot be reached: kubeconfig"],
    ] as const) {
      const { code, stderr } = await dpo(["explain", "assistant", "--kubeconfig", kubeconfig], { cwd });
      expect([code, stderr.trimEnd().split("\n").length]).toEqual([1, 1]);
      expect(stderr).toContain(message);
    }
  });

  test.each([[[]], [["a", "b"]], [["a/b/c"]], [["/b"]], [["a/b", "-n", "c"]]])("%j: exit code 2", async (args) => {
    expect(await dpo(["explain", ...args])).toMatchObject({ code: 2 });
  });
});
