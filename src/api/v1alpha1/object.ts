import * as z from "zod";

/** What the three kinds have in common: group, names, conditions, references. */

export const GROUP = "dpo.dev";
export const VERSION = "v1alpha1";
export const API_VERSION = `${GROUP}/${VERSION}`;

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** The name of an object in the same namespace. References never leave the namespace of the object that makes them. */
export function objectName(description: string, maxLength = 63) {
  return z.string().min(1).max(maxLength).regex(NAME).describe(description);
}

export function reference(description: string) {
  return z.object({ name: objectName("Name of the object, in the same namespace.") }).describe(description);
}

export const servicePort = z
  .int()
  .min(1)
  .max(65_535)
  .meta({ format: "int32" })
  .default(80)
  .describe("Port of the Service.");

/** metav1.Condition. */
export const Condition = z
  .object({
    type: z
      .string()
      .max(316)
      .regex(
        /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
      )
      .describe("Type of the condition, in CamelCase."),
    status: z.enum(["True", "False", "Unknown"]).describe("Status of the condition."),
    observedGeneration: z
      .int()
      .min(0)
      .meta({ format: "int64" })
      .exactOptional()
      .describe("The metadata.generation that the condition was set from."),
    lastTransitionTime: z.string().meta({ format: "date-time" }).describe("When the status last changed."),
    reason: z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
      .describe("Why, as one CamelCase word."),
    message: z.string().max(32768).describe("Why, as a sentence for people."),
  })
  .describe("One aspect of the object's state.");
export type Condition = z.infer<typeof Condition>;

export const conditions = z
  .array(Condition)
  .max(16)
  .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
  .exactOptional()
  .describe(
    "The state in the form that kstatus and Argo CD read: Ready, Reconciling and Stalled, and what this kind adds.",
  );

export const observedGeneration = z
  .int()
  .min(0)
  .meta({ format: "int64" })
  .exactOptional()
  .describe("The metadata.generation that this status describes.");

/** What the object is doing in one word, for the printer column. `description` lists the words. */
export function phase(description: string) {
  return z.string().max(32).exactOptional().describe(description);
}

/** A map list: entries are told apart by `key`, so that several writers can own one each. */
export function mapList<T extends z.ZodType>(entry: T, key: string, maxItems: number, minItems = 0) {
  return z
    .array(entry)
    .min(minItems)
    .max(maxItems)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key] });
}

/** A list that is replaced as a whole. */
export function atomicList<T extends z.ZodType>(entry: T, maxItems: number, minItems = 0) {
  return z.array(entry).min(minItems).max(maxItems).meta({ "x-kubernetes-list-type": "atomic" });
}

/** A CEL rule for `.meta()`: the API server refuses what breaks it, with `message`. */
export function rules(...list: ReadonlyArray<readonly [rule: string, message: string]>) {
  return { "x-kubernetes-validations": list.map(([rule, message]) => ({ rule, message })) };
}

/** Storage of content-addressed folders. */
export const Storage = z
  .object({
    pvc: z
      .object({ claimName: objectName("Name of the PersistentVolumeClaim.", 253) })
      .describe("A volume in the object's namespace."),
  })
  .describe("Where content-addressed folders are written: sha256/<hex>/ on a volume.");

/** metadata as the API server sends it; unknown fields are dropped, since nobody here may write them back. */
export const Metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().default(0),
  creationTimestamp: z.string(),
  deletionTimestamp: z.exactOptional(z.string()),
  labels: z.exactOptional(z.record(z.string(), z.string())),
  annotations: z.exactOptional(z.record(z.string(), z.string())),
  finalizers: z.exactOptional(z.array(z.string())),
  ownerReferences: z.exactOptional(
    z.array(
      z.object({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.exactOptional(z.boolean()),
        blockOwnerDeletion: z.exactOptional(z.boolean()),
      }),
    ),
  ),
});
export type Metadata = z.infer<typeof Metadata>;

/** The whole object of a kind, as the API server sends it. */
export function objectOf<Kind extends string, Spec extends z.ZodType, Status extends z.ZodType>(
  kind: Kind,
  spec: Spec,
  status: Status,
) {
  return z.object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(kind),
    metadata: Metadata,
    spec,
    status: z.exactOptional(status),
  });
}
