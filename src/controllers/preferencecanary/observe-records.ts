import * as z from "zod";
import type { InferenceServiceTemplate } from "../../api/v1alpha1/canary-serving.ts";
import { ANNOTATION, LABEL } from "../../api/v1alpha1/metadata.ts";
import { digestSchema } from "../../artifacts/digest.ts";
import type { ControllerRevision, PodTemplate } from "../../kube/built-in.ts";
import type { Stored } from "../../kube/object.ts";
import { oncePerObject } from "../../runtime/once-per-object.ts";
import type { RevisionRecord } from "./observed.ts";

const model = z.object({
  digest: digestSchema.exactOptional(),
  uri: z.string().exactOptional(),
  origin: z.union([
    z.object({ type: z.literal("Template") }),
    z.object({ type: z.literal("Spec") }),
    z.object({ type: z.literal("Job"), name: z.string(), created: z.string() }),
  ]),
});
// What the API server stored as a template is taken for one.
const isObject = (value: unknown) => typeof value === "object" && value !== null;
const template = z.custom<PodTemplate>(isObject);
const inferenceService = z.custom<InferenceServiceTemplate>(isObject);
const RecordData = z.union([
  z.object({ model, service: z.string(), port: z.int() }),
  z.object({ model, inferenceService }),
  z.object({ model, template, modelEnv: z.string(), port: z.int() }),
]);

const Verdict = z.enum(["Promoted", "RolledBack", "Failed"]);
const Time = z.iso.datetime();
const Among = z.coerce.number().int().min(2);

/** By revision. */
export function readRecords(objects: readonly Stored<ControllerRevision>[]): ReadonlyMap<string, RevisionRecord> {
  return new Map(objects.flatMap(readRecord).map((record) => [record.revision, record]));
}

/** One that is not ours, or that somebody has spoilt, is none. */
const readRecord = oncePerObject(({ metadata, data }: Stored<ControllerRevision>): RevisionRecord[] => {
  const { labels = {}, annotations = {} } = metadata;
  const revision = labels[LABEL.revision];
  const parsed = RecordData.safeParse(data);
  if (revision === undefined || !parsed.success) return [];
  const verdict = Verdict.safeParse(annotations[ANNOTATION.verdict]).data;
  const reason = annotations[ANNOTATION.rejectedReason];
  const retried = annotations[ANNOTATION.retry] === revision;
  const retriedAt = annotations[ANNOTATION.triedAgain];
  const firstServed = Time.safeParse(annotations[ANNOTATION.firstServed]).data;
  const choice = annotations[ANNOTATION.choice];
  const removed = annotations[ANNOTATION.removed] === "true";
  const among = Among.safeParse(annotations[ANNOTATION.among]).data;
  const { creationTimestamp: created } = metadata;
  return [
    {
      ...parsed.data,
      revision,
      created,
      retried,
      ...(retriedAt && { retriedAt }),
      ...(firstServed && { firstServed }),
      ...(verdict && { verdict }),
      ...(reason && { reason }),
      ...(choice && { choice }),
      ...(among && { among }),
      ...(removed && { removed }),
    },
  ];
});
