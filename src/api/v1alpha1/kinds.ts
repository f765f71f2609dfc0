import type * as z from "zod";
import { DPOJob } from "./dpo-job.ts";
import { PreferenceCanary } from "./preference-canary.ts";
import { PreferenceDataset } from "./preference-dataset.ts";

/** A printer column of `kubectl get`. Columns of priority 1 appear with -o wide only. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

/** What a CustomResourceDefinition needs beyond the schema. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** Children are named after the object, with a suffix, and most names may have 63 characters. */
  readonly maxNameLength: number;
  readonly schema: z.ZodObject;
  readonly printerColumns: readonly PrinterColumn[];
  /** It has the scale subresource: an autoscaler may point at it. */
  readonly scale?: boolean;
}

const condition = (type: string, field: "status" | "reason" | "message") =>
  `.status.conditions[?(@.type=="${type}")].${field}`;
const age: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "Time since creation.",
};
const message: PrinterColumn = {
  name: "Message",
  type: "string",
  jsonPath: condition("Ready", "message"),
  description: "What the Ready condition says.",
  priority: 1,
};

const phase: PrinterColumn = {
  name: "Phase",
  type: "string",
  jsonPath: ".status.phase",
  description: "What it is doing.",
};
const reason: PrinterColumn = {
  name: "Reason",
  type: "string",
  jsonPath: condition("Ready", "reason"),
  description: "Why it is in that phase, in one word.",
};

export const KINDS: readonly Kind[] = [
  {
    kind: "PreferenceDataset",
    plural: "preferencedatasets",
    singular: "preferencedataset",
    shortNames: ["pds"],
    maxNameLength: 52,
    schema: PreferenceDataset,
    printerColumns: [
      phase,
      reason,
      {
        name: "Collected",
        type: "integer",
        jsonPath: ".status.collected.preferences",
        description: "Preferences that the collector holds.",
      },
      {
        name: "Pairs",
        type: "integer",
        jsonPath: ".status.snapshot.pairs",
        description: "Pairs of the newest snapshot.",
      },
      {
        name: "Quality",
        type: "string",
        jsonPath: condition("QualityMet", "reason"),
        description: "Whether the newest snapshot meets spec.quality.",
      },
      {
        name: "Median Age",
        type: "string",
        jsonPath: ".status.quality.medianAge",
        description: "Median age of labels in the newest snapshot.",
      },
      {
        name: "Last Job",
        type: "string",
        jsonPath: ".status.lastTrained.job",
        description: "The newest DPOJob it started.",
      },
      {
        name: "Digest",
        type: "string",
        jsonPath: ".status.snapshot.digest",
        description: "Digest of the newest snapshot.",
        priority: 1,
      },
      message,
      age,
    ],
  },
  {
    kind: "DPOJob",
    plural: "dpojobs",
    singular: "dpojob",
    shortNames: ["dpo"],
    // A dataset's name and ten digits of a digest.
    maxNameLength: 63,
    schema: DPOJob,
    printerColumns: [
      phase,
      reason,
      { name: "Step", type: "integer", jsonPath: ".status.progress.step", description: "Optimizer steps done." },
      { name: "Of", type: "integer", jsonPath: ".status.progress.of", description: "Optimizer steps in all." },
      { name: "Loss", type: "string", jsonPath: ".status.progress.loss", description: "Loss of the newest step." },
      {
        name: "Win Rate",
        type: "string",
        jsonPath: ".status.validation.heldOutWinRate.value",
        description: "Share of held-out pairs ordered as people did.",
      },
      {
        name: "Validated",
        type: "string",
        jsonPath: condition("Validated", "status"),
        description: "Whether a canary may take the model.",
      },
      {
        name: "Artifact",
        type: "string",
        jsonPath: ".status.artifact.digest",
        description: "Digest of the trained model.",
        priority: 1,
      },
      message,
      age,
    ],
  },
  {
    kind: "PreferenceCanary",
    plural: "preferencecanaries",
    singular: "preferencecanary",
    shortNames: ["pcn"],
    maxNameLength: 40,
    schema: PreferenceCanary,
    scale: true,
    printerColumns: [
      phase,
      reason,
      { name: "Step", type: "string", jsonPath: ".status.step.name", description: "Step of the run." },
      {
        name: "Weight",
        type: "integer",
        jsonPath: ".status.weights.desired",
        description: "Percent of live requests that the candidate should serve.",
      },
      {
        name: "Verified",
        type: "integer",
        jsonPath: ".status.weights.verified",
        description: "Percent of them that it serves, as answers through the gateway showed.",
        priority: 1,
      },
      {
        name: "Win Rate",
        type: "string",
        jsonPath: '.status.gates[?(@.name=="winRate")].estimate',
        description: "Share of comparisons that the candidate won.",
      },
      {
        name: "Samples",
        type: "integer",
        jsonPath: '.status.gates[?(@.name=="winRate")].samples',
        description: "Number of comparisons.",
      },
      {
        name: "Verdict",
        type: "string",
        jsonPath: '.status.gates[?(@.name=="winRate")].verdict',
        description: "What the comparisons say.",
      },
      {
        name: "Stable",
        type: "string",
        jsonPath: ".status.stable.revision",
        description: "Revision that serves.",
        priority: 1,
      },
      {
        name: "Candidate",
        type: "string",
        jsonPath: ".status.candidate.revision",
        description: "Revision that is being judged.",
        priority: 1,
      },
      message,
      age,
    ],
  },
];
