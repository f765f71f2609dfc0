import * as z from "zod";
import { atomicList, objectName, rules, servicePort } from "./object.ts";
import { digest, duration } from "./quantity.ts";

const texts = (description: string, maxLength: number) =>
  z.record(z.string(), z.string().max(maxLength)).exactOptional().describe(description);

const objects = (description: string, max: number) =>
  atomicList(z.looseObject({ name: z.string().min(1).max(253).describe("Its name.") }), max)
    .exactOptional()
    .describe(description);

const Variable = z.looseObject({
  name: z.string().min(1).max(256).describe("Name of the variable."),
  value: z.string().max(32_768).exactOptional().describe("Its value."),
});

/** What of a pod the operator reads or adds to stands here; everything else is kept as it is. */
const PodTemplate = z
  .object({
    metadata: z
      .object({ labels: texts("Labels of the pods.", 63), annotations: texts("Annotations of the pods.", 262_144) })
      .exactOptional()
      .describe("Metadata of the pods."),
    spec: z
      .looseObject({
        containers: atomicList(
          z.looseObject({
            name: objectName("Name of the container."),
            env: atomicList(Variable, 256).exactOptional().describe("Environment of the container."),
            volumeMounts: objects("Volumes that the container sees.", 128),
          }),
          32,
          1,
        ).describe("The pod's containers. The one that has modelEnv, or the first, serves the model."),
        initContainers: objects("Containers that run before these.", 32),
        volumes: objects("Volumes of the pod.", 128),
      })
      .describe("Any PodSpec. The API server checks it when a Deployment is made of it."),
  })
  .describe("Pod template of both arms. A change of it starts a run.");

const ExternalArm = z.object({
  service: objectName("Name of the Service, in the same namespace. It has a selector."),
  port: servicePort,
  digest: digest("What the Service's pods serve. Another digest is another revision, and so a run."),
});

const replicas = (description: string) =>
  z.int().min(1).max(1000).meta({ format: "int32" }).exactOptional().describe(description);

/** Of an object with `labels`: by some of ours the operator finds what is its own. */
const noneOfOurs = (labels: string): readonly [string, string] => [
  "!has(self.labels) || self.labels.all(key, !key.startsWith('dpo.dev/'))",
  `${labels} cannot have one that begins with dpo.dev/: the operator sets those, so take it out`,
];

/** What of KServe's PredictorSpec the operator reads, adds to or refuses stands here; everything else is kept as it is. */
const Predictor = z
  .looseObject({
    model: z
      .looseObject({
        modelFormat: z
          .looseObject({ name: z.string().min(1).max(253).describe("Name of the format, such as huggingface.") })
          .describe("By which KServe finds the runtime."),
        storageUri: z
          .string()
          .min(1)
          .max(2048)
          .exactOptional()
          .describe("The first revision's model. Every later arm has the URI of its own model here."),
      })
      .describe("KServe's predictor.model."),
    minReplicas: replicas("Pods of each arm at least. A change of it starts no run."),
    maxReplicas: replicas("Pods of each arm at most. A change of it starts no run."),
    labels: texts("Labels of the predictor's pods, over those of the InferenceService.", 63),
    workerSpec: z.looseObject({}).exactOptional().describe("Refused: the pods of an arm are of one node each."),
    name: z
      .string()
      .max(63)
      .exactOptional()
      .describe("Refused: an arm's Deployment and Service are found by KServe's own name."),
    canaryTrafficPercent: z
      .int()
      .min(0)
      .max(100)
      .meta({ format: "int32" })
      .exactOptional()
      .describe("Refused: the canary's steps say how requests are split."),
  })
  .meta(
    rules(
      [
        "!has(self.name)",
        "serving.inferenceService.predictor.name cannot be set: each arm is an InferenceService with a name of its own, so take it out",
      ],
      [
        "!has(self.canaryTrafficPercent)",
        "serving.inferenceService.predictor.canaryTrafficPercent cannot be set: spec.steps say how requests are split, so take it out",
      ],
      [
        "!has(self.workerSpec)",
        "serving.inferenceService.predictor.workerSpec cannot be set: KServe does not scale what runs on several nodes to minReplicas, so take it out and let a pod have all its GPUs on one node",
      ],
      [
        "!has(self.minReplicas) || !has(self.maxReplicas) || self.maxReplicas >= self.minReplicas",
        "serving.inferenceService.predictor.maxReplicas must be at least minReplicas; without it there are always minReplicas pods",
      ],
      noneOfOurs("serving.inferenceService.predictor.labels"),
    ),
  )
  .describe("KServe's spec.predictor of both arms. KServe checks it when an InferenceService is made of it.");

const InferenceService = z
  .object({
    labels: texts("Labels of the InferenceServices, which KServe hands on to their pods.", 63),
    annotations: texts("Annotations of the InferenceServices, likewise.", 262_144),
    predictor: Predictor,
  })
  .meta(
    rules(
      [
        "!has(self.annotations) || !('serving.kserve.io/deploymentMode' in self.annotations) || self.annotations['serving.kserve.io/deploymentMode'] in ['Standard', 'RawDeployment', 'Knative', 'Serverless']",
        "serving.inferenceService.annotations: serving.kserve.io/deploymentMode must be Standard or Knative (RawDeployment or Serverless before KServe 0.16): in no other mode has an arm pods of its own",
      ],
      [
        "!has(self.annotations) || !('serving.knative.dev/progress-deadline' in self.annotations)",
        "serving.inferenceService.annotations cannot have serving.knative.dev/progress-deadline: Knative makes no pods any more of what was not ready by then, stable's too, so take it out; serving.readyWithin says how long a candidate is waited for",
      ],
      noneOfOurs("serving.inferenceService.labels"),
    ),
  )
  .describe(
    "Template of an InferenceService of KServe for each arm, in Standard mode unless its annotations say Knative. A change of it starts a run.",
  );

export const Serving = z
  .object({
    workloadRef: z
      .object({
        kind: z.enum(["Deployment"]).default("Deployment").describe("Kind of the workload."),
        name: objectName("Name of the workload, in the same namespace."),
      })
      .exactOptional()
      .describe(
        "A workload that is only a template (replicas: 0); both arms are made from it and the operator never writes into it.",
      ),
    template: PodTemplate.exactOptional(),
    inferenceService: InferenceService.exactOptional(),
    external: z
      .object({
        stable: ExternalArm.describe(
          "What serves now: the first revision, and what is gone back to without a candidate.",
        ),
        candidate: ExternalArm.exactOptional().describe("What is to be tried, or was promoted."),
      })
      .meta(
        rules([
          "!has(self.candidate) || self.stable.service != self.candidate.service",
          "serving.external.candidate.service must be another Service than that of stable: one Service cannot be both arms",
        ]),
      )
      .exactOptional()
      .describe("Services whose pods somebody else runs; the operator makes no pods, and moves traffic between them."),
    modelEnv: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .default("MODEL_URI")
      .describe("Variable that the serving container reads. Its value in the template is the first revision's model."),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .meta({ format: "int32" })
      .default(8080)
      .describe("Port that the serving container listens on."),
    readyWithin: duration(
      "How long a candidate's pods may take to get ready, from when they are asked for, and to answer once they are. Then its run has failed: its model is not rejected, and stable serves on.",
    )
      .meta(
        rules([
          "duration(self) >= duration('10s')",
          "serving.readyWithin must be at least 10s: no pod is scheduled, has its model and answers sooner",
        ]),
      )
      .default("10m"),
  })
  .meta(
    rules(
      [
        "[has(self.workloadRef), has(self.template), has(self.inferenceService), has(self.external)].filter(set, set).size() == 1",
        "set exactly one of serving.workloadRef, serving.template, serving.inferenceService and serving.external",
      ],
      [
        "!has(self.workloadRef) || !has(oldSelf.workloadRef) || self.workloadRef.name == oldSelf.workloadRef.name",
        "serving.workloadRef.name is immutable: create another PreferenceCanary for another workload",
      ],
    ),
  )
  .describe("How models are served.");
export type InferenceServiceTemplate = z.infer<typeof InferenceService>;
