import { type Effect, nameIn } from "../../src/controllers/preferencecanary/effect.ts";
import { canaryObject, canarySpec } from "./canary.ts";
import type { CanaryWorld } from "./canary-world.ts";
import { adopted, gitRoute, kserve, services, withServices } from "./kind-stories.ts";
import { idle, inLastStep, type Story } from "./story.ts";

const isOfArm = (effect: Effect) => /-[0-9a-f]{10}$/.test(nameIn(effect) ?? "");

/** From now on the API server refuses such writes, in these words. */
function refuse(world: CanaryWorld, isRefused: (effect: Effect) => boolean, words: string): void {
  world.refuses = isRefused;
  world.refusal = () => words;
}

const baseline = { service: "rival", port: 8000 };
const compared = { evidence: { comparisons: { baseline, dataset: { name: "support" } } } };
const withRival = (world: CanaryWorld) => {
  const spec = { clusterIP: "10.0.0.9", ports: [{ port: baseline.port }] };
  world.cluster.put(world.cluster.services, { metadata: { name: baseline.service }, spec });
};
const newModel = (world: CanaryWorld) => world.job("train-1", "b", "2026-01-02T00:00:00Z");

/** Of a baseline, which somebody else runs. */
export const baselineStories: readonly Story[] = [
  { spec: compared, given: idle, event: "a job's model is validated, and there is no baseline", happens: newModel },
  {
    spec: compared,
    given: (world) => {
      withRival(world);
      inLastStep(world);
    },
    event: "the baseline answers no more",
    happens: (world) => world.probing.setArms({ type: "Denied", words: "its Service answers a GET with 503" }),
  },
];

/** What keeps a canary from going on, and is mended by somebody else. */
export const hinderedStories: readonly Story[] = [
  {
    given: inLastStep,
    event: "another operator takes over that has yet to read the evidence",
    happens: (world) => {
      world.evidence.setAccess({ type: "Unread" });
      world.restart();
    },
  },
  {
    given: idle,
    event: "a policy refuses the candidate's pods",
    happens(world) {
      const words = 'admission webhook "policy.example.com" denied the request: images come from registry.example.com';
      refuse(world, (effect) => effect.type === "ApplyDeployment" && isOfArm(effect), words);
      newModel(world);
    },
  },
  {
    given: idle,
    event: "a quota refuses the candidate's Service",
    happens(world) {
      const words = "services is forbidden: exceeded quota: services, requested: 1, used: 10, limited: 10";
      refuse(world, (effect) => effect.type === "ApplyService" && isOfArm(effect), words);
      newModel(world);
    },
  },
  {
    given: inLastStep,
    event: "a gate fails, and a policy refuses the route",
    happens(world) {
      const words = 'admission webhook "policy.example.com" denied the request: routes are frozen';
      refuse(world, ({ type }) => type === "WriteRoute", words);
      world.vote(Array<0>(60).fill(0));
    },
  },
  {
    given: idle,
    event: "a job's model is where no pod can mount it",
    happens: (world) => world.job("train-1", "b", "2026-01-02T00:00:00Z", "s3://bucket/model"),
  },
  {
    spec: services({ stable: "a" }),
    given: (world) => {
      withServices(world);
      world.settle();
    },
    event: "Git names another digest for the Service that serves",
    happens: (world) => {
      const { serving } = canaryObject(canarySpec(services({ stable: "c" }))).spec;
      world.edit({ serving });
    },
  },
  {
    spec: kserve,
    given: (world) => {
      world.knowsKServe = false;
    },
    event: "it is created where there is no KServe",
    happens: () => undefined,
  },
  { spec: adopted, given: () => undefined, event: "it is to adopt a route that is not there", happens: idle },
  {
    spec: adopted,
    given: (world) => gitRoute(world, []),
    event: "it is to adopt a route without a rule",
    happens: idle,
  },
];
