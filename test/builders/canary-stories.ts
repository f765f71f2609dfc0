import { PreferenceCanarySpec } from "../../src/api/v1alpha1/preference-canary.ts";
import { CANARY, canarySpec, digest, modelUri, NAMESPACE, podTemplate, WORKLOAD } from "./canary.ts";
import { CanaryWorld } from "./canary-world.ts";
import { baselineStories, hinderedStories } from "./hindered-stories.ts";
import { kindStories } from "./kind-stories.ts";
import { mendedStories } from "./mended-stories.ts";
import { idle, inLastStep, inShadow, type Story } from "./story.ts";

const HOUR = 3_600_000;
const wins = Array<1>(60).fill(1);
const losses = Array<0>(60).fill(0);
const LONG = { onNoData: { after: "240h" } };

const candidate = (world: CanaryWorld) => world.status.candidate?.revision ?? "";
const passed = (world: CanaryWorld) => {
  inLastStep(world);
  world.vote(wins);
  world.settle();
};
const rolledBack = (world: CanaryWorld) => {
  inLastStep(world);
  world.vote(losses);
  world.settle();
};
const fallen = (world: CanaryWorld) => {
  passed(world);
  world.vote(losses.slice(0, 35));
  world.settle();
};
const annotate = (verb: string) => (world: CanaryWorld) => world.annotate({ [`dpo.dev/${verb}`]: candidate(world) });
const losePods = (revision: (world: CanaryWorld) => string) => (world: CanaryWorld) => {
  world.autoReady = false;
  world.cluster.setReady(`${CANARY}-${revision(world)}`, 0);
};
const suspend = (isSuspended: boolean) => (world: CanaryWorld) => world.edit({ suspend: isSuspended });
const afterwards = (state: Story["given"], happens: Story["happens"]) => (world: CanaryWorld) => {
  state(world);
  happens(world);
  world.settle(500);
};
const starting = (world: CanaryWorld) => {
  idle(world);
  world.autoReady = false;
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(500);
};
/** What the scheduler says of its pod. */
const losesGpu = (world: CanaryWorld) => {
  const arm = world.cluster.deployments.get({ namespace: NAMESPACE, name: `${CANARY}-${candidate(world)}` });
  if (arm === undefined) throw new Error("there is no arm");
  const message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";
  world.cluster.addPod(arm, { conditions: [world.cluster.unscheduled(message)] });
};
/** What another controller says of the route. */
const refuseRoute = (world: CanaryWorld) => {
  const { route } = world;
  if (route === undefined) throw new Error("there is no route");
  const no = { type: "Accepted", status: "False", reason: "NotAllowedByListeners", message: "no listener takes it" };
  const parents = route.status?.parents?.map((parent) => ({ ...parent, conditions: [no] }));
  world.cluster.put(world.cluster.routes, { ...route, status: { parents } } as typeof route);
};
const somebodysRoute = (world: CanaryWorld) =>
  world.cluster.put(world.cluster.routes, { metadata: { name: CANARY }, spec: { rules: [] } });
const meddle = (world: CanaryWorld) => {
  const { route } = world;
  const [rule, ...others] = route?.spec.rules ?? [];
  if (route === undefined || rule === undefined) throw new Error("there is no rule");
  const rules = [{ ...rule, backendRefs: rule.backendRefs?.map((ref, i) => ({ ...ref, weight: 3 - i })) }, ...others];
  world.cluster.put(world.cluster.routes, { ...route, spec: { ...route.spec, rules } } as typeof route);
};
const holding = {
  traffic: { httpRoute: { parentRefs: [{ name: "public" }] }, onForeignWrite: "Hold" },
  ...LONG,
};
const approval = { steps: [{ name: "half", weight: 50, approval: "Required" }] };
const watched = { afterPromotion: { watch: "1h" }, ...LONG };
const nights = { windows: [{ schedule: "0 9 * * *", duration: "1h" }], ...LONG };

const blueGreen = {
  steps: [
    { name: "preview", weight: 0 },
    { name: "all", weight: 100, requires: ["winRate"] },
  ],
  evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
  gates: { winRate: {}, compliance: { min: "50%", target: "80%" } },
  ...LONG,
};
const large = { replicas: 10, ...LONG };

const several = {
  model: {
    candidates: ["b", "c"].map((digit) => ({ name: `model-${digit}`, uri: modelUri(digit), digest: digest(digit) })),
  },
  selection: { deadline: "6h" },
  ...LONG,
};
const oneRejected = (world: CanaryWorld) => {
  idle(world);
  world.voteFor("model-b", losses);
  world.settle();
};

/** Into each state. */
export const waysIn: readonly Story[] = [
  { given: () => undefined, event: "it is created, and its workload is there", happens: (world) => world.workload() },
  {
    given: idle,
    event: "a job's model is validated",
    happens: (world) => world.job("train-1", "b", "2026-01-02T00:00:00Z"),
  },
  {
    given: idle,
    event: "Git changes the workload",
    happens: (world) => world.workload(podTemplate(modelUri("a"), "server:2")),
  },
  {
    given: idle,
    event: "the workload is deleted",
    happens: (world) => world.cluster.remove(world.cluster.deployments, WORKLOAD),
  },
  {
    given: idle,
    event: "somebody deletes the route",
    happens: (world) => world.cluster.remove(world.cluster.routes, "assistant"),
  },
  { given: idle, event: "stable's pods are lost", happens: losePods((world) => world.status.stable?.revision ?? "") },
  {
    given: (world) => void somebodysRoute(world),
    event: "it is created, and its route's name is taken",
    happens: (world) => world.workload(),
  },
  {
    given: (world) => {
      world.knowsRoutes = false;
    },
    event: "it is created where there is no Gateway API",
    happens: (world) => world.workload(),
  },
  { given: inShadow, event: "the step's time is over", happens: () => undefined },
  { given: inLastStep, event: "every gate has passed", happens: (world) => world.vote(wins) },
  { given: inLastStep, event: "a gate fails", happens: (world) => world.vote(losses) },
  ...baselineStories,
  {
    given: inLastStep,
    event: "the collector cannot be read",
    happens: (world) => world.evidence.setAccess({ type: "Unreadable", problem: "down" }),
  },
  { given: inLastStep, event: "nothing new came for onNoData.after", happens: (world) => world.clock.pause(2 * HOUR) },
  {
    spec: { onNoData: { after: "1h", do: "Rollback" } },
    given: inLastStep,
    event: "the same, where onNoData.do is Rollback",
    happens: (world) => world.clock.pause(2 * HOUR),
  },
  {
    spec: { deadline: "1h", ...LONG },
    given: inLastStep,
    event: "the deadline passes",
    happens: (world) => world.clock.pause(2 * HOUR),
  },
  {
    spec: { deadline: "1h", onInconclusive: "Hold", ...LONG },
    given: inLastStep,
    event: "the same, where onInconclusive is Hold",
    happens: (world) => world.clock.pause(2 * HOUR),
  },
  {
    spec: {
      evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
      gates: { winRate: {}, mismatch: { settle: "1s" } },
      ...LONG,
    },
    given: inLastStep,
    event: "ratings are not split as the weights are",
    happens: (world) => {
      world.clock.pause(5_000);
      world.rate("Candidate", Array<1>(60).fill(1));
    },
  },
  { given: inShadow, event: "the Gateway refuses the route", happens: refuseRoute },
  { given: inLastStep, event: "somebody else writes into the route", happens: meddle },
  {
    spec: holding,
    given: inLastStep,
    event: "the same, where traffic.onForeignWrite is Hold",
    happens: meddle,
  },
  { spec: holding, given: idle, event: "the same", happens: meddle },
  {
    spec: holding,
    given: afterwards(inLastStep, meddle),
    event: "order: resume, of the route",
    happens: (world) => world.annotate({ "dpo.dev/resume": `route/${world.route?.metadata.generation}` }),
  },
  {
    spec: holding,
    given: afterwards(inLastStep, meddle),
    event: "a gate fails",
    happens: (world) => world.vote(losses),
  },
  { given: inLastStep, event: "all pods of the candidate are lost", happens: losePods(candidate) },
  {
    given: inLastStep,
    event: "Git changes the workload",
    happens: (world) => world.workload(podTemplate(modelUri("a"), "server:2")),
  },
  {
    given: inLastStep,
    event: "a newer model is validated",
    happens: (world) => world.job("train-2", "c", "2026-01-03T00:00:00Z"),
  },
  {
    spec: { onNewCandidate: "Supersede" },
    given: inLastStep,
    event: "the same, where onNewCandidate is Supersede",
    happens: (world) => world.job("train-2", "c", "2026-01-03T00:00:00Z"),
  },
  { given: inLastStep, event: "spec.suspend is set", happens: suspend(true) },
  { given: afterwards(inLastStep, suspend(true)), event: "spec.suspend is taken back", happens: suspend(false) },
  { given: inLastStep, event: "order: pause", happens: annotate("pause") },
  {
    given: afterwards(inLastStep, annotate("pause")),
    event: "the order to pause is taken off",
    happens: (world) => world.annotate({}),
  },
  {
    spec: {
      steps: [{ name: "shadow", weight: 0, pause: { until: "2099-01-01T00:00:00Z" } }, approval.steps[0]],
      ...LONG,
    },
    given: inShadow,
    event: "order: resume, where the step pauses",
    happens: (world) => world.annotate({ "dpo.dev/resume": `${candidate(world)}/shadow` }),
  },
  { given: inLastStep, event: "order: promote", happens: annotate("promote") },
  { given: inLastStep, event: "order: rollback", happens: annotate("rollback") },
  {
    spec: approval,
    given: inLastStep,
    event: "every gate has passed, where the step takes an approval",
    happens: (world) => world.vote(wins),
  },
  {
    spec: approval,
    given: passed,
    event: "order: approve",
    happens: (world) => world.annotate({ "dpo.dev/approve": `${candidate(world)}/half` }),
  },
  {
    spec: approval,
    given: passed,
    event: "the win rate falls",
    happens: (world) => world.vote(losses.slice(0, 35)),
  },
  {
    spec: approval,
    given: fallen,
    event: "there are three times as many comparisons, and they pass",
    happens: (world) => world.vote([...wins, ...wins, ...wins]),
  },
  {
    spec: nights,
    given: inLastStep,
    event: "every gate has passed, outside of every window",
    happens: (world) => world.vote(wins),
  },
  {
    spec: large,
    given: afterwards(inLastStep, (world) => {
      world.autoReady = false;
    }),
    event: "every gate has passed, and there are pods for its weight alone",
    happens: (world) => world.vote(wins),
  },
  {
    spec: large,
    given: (world) => {
      inLastStep(world);
      world.autoReady = false;
      world.vote(wins);
      world.settle();
    },
    event: "all its pods are ready",
    happens: (world) => {
      world.autoReady = true;
      world.cluster.readyAll();
    },
  },
  {
    spec: { gates: { winRate: { maxSamples: 3 } } },
    given: idle,
    event: "a job's model is validated, and a gate has a maxSamples by which nobody can pass",
    happens: (world) => world.job("train-1", "b", "2026-01-02T00:00:00Z"),
  },
  {
    spec: blueGreen,
    given: inShadow,
    event: "the gates have passed that a step of all requests requires",
    happens: (world) => world.vote(wins),
  },
  {
    spec: blueGreen,
    given: passed,
    event: "a gate fails in a step of all requests",
    happens: (world) => world.rate("Candidate", losses),
  },
  {
    spec: blueGreen,
    given: passed,
    event: "Git changes the workload in a step of all requests",
    happens: (world) => world.workload(podTemplate(modelUri("a"), "server:2")),
  },
  { spec: nights, given: passed, event: "a window opens", happens: (world) => world.clock.pause(9.5 * HOUR) },
  {
    given: starting,
    event: "its pods are not ready in 10 minutes",
    happens: (world) => world.clock.pause(11 * 60_000),
  },
  { given: starting, event: "no node takes its pod", happens: losesGpu },
  {
    given: afterwards(starting, losesGpu),
    event: "it gets no node within serving.readyWithin",
    happens: (world) => world.clock.pause(11 * 60_000),
  },
  {
    given: rolledBack,
    event: "a newer model is validated",
    happens: (world) => world.job("train-2", "c", "2026-01-03T00:00:00Z"),
  },
  {
    given: rolledBack,
    event: "order: retry",
    happens: (world) => world.annotate({ "dpo.dev/retry": world.status.lastRun?.revision ?? "" }),
  },
  {
    spec: watched,
    given: inLastStep,
    event: "every gate has passed, where there is afterPromotion",
    happens: (world) => world.vote(wins),
  },
  { spec: watched, given: passed, event: "order: rollback, in the watch", happens: annotate("rollback") },
  { spec: watched, given: passed, event: "order: promote, in the watch", happens: annotate("promote") },
  {
    spec: watched,
    given: passed,
    event: "a gate fails",
    happens: (world) => world.vote(losses),
  },
  {
    spec: watched,
    given: passed,
    event: "the watch is over",
    happens: (world) => world.clock.pause(2 * HOUR),
  },
  {
    given: idle,
    event: "Git asks for one of several models",
    happens: (world) => {
      const { model, selection = { minShare: 10 } } = PreferenceCanarySpec.parse(canarySpec(several));
      world.edit({ model, selection });
    },
  },
  { spec: several, given: idle, event: "a contender fails", happens: (world) => world.voteFor("model-b", losses) },
  {
    spec: several,
    given: oneRejected,
    event: "the last one fails",
    happens: (world) => world.voteFor("model-c", losses),
  },
  {
    spec: { ...several, steps: approval.steps },
    given: idle,
    event: "a contender passes",
    happens: (world) => world.voteFor("model-c", wins),
  },
  {
    spec: several,
    given: idle,
    event: "the selection's deadline passes",
    happens: (world) => {
      world.voteFor("model-c", wins.slice(0, 5));
      world.clock.pause(7 * HOUR);
    },
  },
  {
    spec: several,
    given: oneRejected,
    event: "order: retry",
    happens: (world) => world.annotate({ "dpo.dev/retry": world.status.lastRun?.revision ?? "" }),
  },
  { given: inLastStep, event: "it is deleted, with Retain", happens: (world) => world.deleteCanary() },
  {
    spec: { deletionPolicy: "Delete" },
    given: inLastStep,
    event: "it is deleted, with Delete",
    happens: (world) => world.deleteCanary(),
  },
  ...hinderedStories,
  ...kindStories,
];

/** And out of those in which a canary waits for somebody. */
export const stories: readonly Story[] = [...waysIn, ...mendedStories(waysIn)];

/** The canary in the state that the event finds; `spec` for what all stories are to be played with. */
export function given(story: Story, spec: Story["spec"] = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ ...story.spec, ...spec }));
  story.given(world);
  return world;
}
