import * as z from "zod";
import { atomicList, objectName, rules } from "./object.ts";

const texts = (description: string, maxLength: number) =>
  z.record(z.string(), z.string().max(maxLength)).exactOptional().describe(description);

/** What of a pod the operator reads itself stands here; everything else is kept as it is. */
const PodTemplate = z
  .object({
    metadata: z
      .object({ labels: texts("Labels of the pods.", 63), annotations: texts("Annotations of the pods.", 262_144) })
      .exactOptional()
      .describe("Metadata of the pods."),
    spec: z
      .looseObject({
        containers: atomicList(z.looseObject({ name: objectName("Name of the container.") }), 32, 1).describe(
          "The pod's containers. The one that has modelEnv, or the first, serves the model.",
        ),
      })
      .describe("Any PodSpec. The API server checks it when a Deployment is made of it."),
  })
  .describe("Pod template of both arms. A change of it starts a run.");

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
  })
  .meta(
    rules(
      ["has(self.workloadRef) != has(self.template)", "set exactly one of serving.workloadRef and serving.template"],
      [
        "!has(self.workloadRef) || !has(oldSelf.workloadRef) || self.workloadRef.name == oldSelf.workloadRef.name",
        "serving.workloadRef.name is immutable: create another PreferenceCanary for another workload",
      ],
    ),
  )
  .describe("How models are served.");
