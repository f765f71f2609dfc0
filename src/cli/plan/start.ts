import type { Baseline } from "../../api/v1alpha1/canary-comparisons.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import { ANNOTATION, LABEL } from "../../api/v1alpha1/metadata.ts";
import { API_VERSION } from "../../api/v1alpha1/object.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { neverPasses } from "../../controllers/preferencecanary/gates/never-passes.ts";
import type { Service } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import { Failure } from "../failure.ts";
import { NO_OBJECTS } from "./objects.ts";
import { type Rest, settle } from "./pass.ts";
import { put, type World } from "./world.ts";

/** A Monday at midnight, UTC. */
const START = new Date("2026-01-05T00:00:00Z");
const MAX_LOOKS = 100;

const STABLE = "a".repeat(64);
const CANDIDATE = "b".repeat(64);

/** Whatever moves the traffic, it is moved by the same decisions. */
const SIMULATED_TRAFFIC: PreferenceCanary["spec"]["traffic"] = {
  httpRoute: { parentRefs: [{ name: "simulated" }] },
  onForeignWrite: "Undo",
};

/** The moment at which the candidate's pods are there and comparisons begin: the same for every run. */
export function startOfRun(canary: PreferenceCanary): Rest {
  let world = emptyWorld(canary);
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const rest = settle(world);
    const { candidate } = rest.facts.run;
    if (candidate?.state === "Running" && rest.facts.isServing) return settle(approved(rest.world, candidate.revision));
    if (rest.dueMs === undefined) break;
    world = { ...rest.world, now: new Date(rest.dueMs) };
  }
  const isSuspended = world.canary.spec.suspend;
  const said = isSuspended
    ? "spec.suspend is true: plan it with false"
    : (neverPasses(canary) ?? "no run of it ever starts");
  throw new Failure(`PreferenceCanary ${canary.metadata.name}: ${said}`);
}

/** Nobody knows when people will say yes, so they have said it. */
function approved(world: World, revision: string): World {
  const { canary } = world;
  const all = canary.spec.steps.map(({ name }) => `${revision}/${name}`).join();
  const annotations = { [ANNOTATION.approve]: all, [ANNOTATION.resume]: all };
  return { ...world, canary: { ...canary, metadata: { ...canary.metadata, annotations } } };
}

/** Nothing but what the user brings: the canary as it was first applied, and a model to try. */
function emptyWorld({ metadata: { name, namespace }, spec }: PreferenceCanary): World {
  const { modelEnv, port, readyWithin } = spec.serving;
  const env = [{ name: modelEnv, value: `pvc://models/sha256/${STABLE}` }];
  const template = { spec: { containers: [{ name: "server", env }] } };
  const metadata = { name, namespace, uid: "canary", resourceVersion: "1", generation: 1, creationTimestamp: "" };
  const canary = {
    apiVersion: API_VERSION,
    kind: "PreferenceCanary",
    metadata: { ...metadata, creationTimestamp: START.toISOString() },
    spec: { ...spec, traffic: SIMULATED_TRAFFIC, serving: { template, modelEnv, port, readyWithin } },
  } as const;
  const world: World = { now: START, canary, objects: NO_OBJECTS, version: 1, sights: new Map() };
  const { baseline } = spec.evidence.comparisons;
  const compared = baseline ? put(world, "services", baselineService(baseline, namespace)) : world;
  return put(compared, "jobs", trainedModel(name, namespace));
}

function baselineService({ service: name, port }: Baseline, namespace: string): Applied<Service> {
  return { metadata: { name, namespace }, spec: { clusterIP: "10.0.0.2", ports: [{ port }] } };
}

/** For `model.fromJobs`. */
function trainedModel(canary: string, namespace: string): Applied<DPOJob> {
  const time = START.toISOString();
  const validated = {
    type: "Validated",
    status: "True",
    reason: "Passed",
    message: "",
    lastTransitionTime: time,
  } as const;
  const digest = `sha256:${CANDIDATE}`;
  const artifact = { uri: `pvc://models/sha256/${CANDIDATE}`, digest, dataset: digest, base: `sha256:${STABLE}` };
  return {
    metadata: { name: "candidate", namespace, labels: { [LABEL.publishTo]: canary } },
    status: { artifact, conditions: [validated] },
  };
}
