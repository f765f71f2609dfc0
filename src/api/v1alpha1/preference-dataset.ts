import * as z from "zod";
import { DPOJobTemplateSpec } from "./dpo-job.ts";
import { conditions, mapList, objectName, objectOf, observedGeneration, phase, rules, Storage } from "./object.ts";
import { decimal, digest, duration, percent } from "./quantity.ts";

const count = (description: string, min: number) =>
  z.int().min(min).max(1_000_000_000).meta({ format: "int32" }).describe(description);

export const PreferenceDatasetSpec = z
  .object({
    sources: mapList(
      z.object({
        name: objectName("Name of the source."),
        collector: z.object({}).describe("What the collector received for this dataset."),
      }),
      "name",
      1,
      1,
    ).describe("Where preferences come from."),
    validation: z
      .object({ maxInvalid: percent("Share of unusable records above which no snapshot is taken.").default("1%") })
      .prefault({})
      .describe("Which input is refused as a whole. Single bad records are always named and left out."),
    split: z
      .object({
        validation: percent("Share of prompts for validation during training.").default("5%"),
        heldOut: percent("Share of prompts that no training sees, for the held-out win rate.").default("5%"),
      })
      .meta(
        rules([
          "double(self.validation.replace('%', '')) + double(self.heldOut.replace('%', '')) < 100.0",
          "split.validation and split.heldOut must leave something to train on: together under 100%",
        ]),
      )
      .prefault({ validation: "5%", heldOut: "5%" })
      .describe("How prompts are divided. Pairs of one prompt stay together, so that none leaks."),
    snapshot: z
      .object({
        minNewPairs: count(
          "New preferences, since the last snapshot, that make the next one. The first is taken at quality.minPairs.",
          1,
        ).default(500),
      })
      .prefault({})
      .describe("When a snapshot is taken."),
    quality: z
      .object({
        minPairs: count("Preferences that a snapshot needs.", 1).default(1000),
        agreement: z
          .object({
            metric: z
              .enum(["KrippendorffAlpha"])
              .default("KrippendorffAlpha")
              .describe("Measure of agreement between labelers of the same pair."),
            min: decimal("Agreement that the snapshot needs.").default("0.7"),
          })
          .exactOptional()
          .describe("How far labelers must agree. Unknown, and so not met, while no pair has two labelers."),
        freshness: z
          .object({ maxMedianAge: duration("Median age of labels that the snapshot may have.").default("720h") })
          .exactOptional()
          .describe("How old labels may be."),
      })
      .prefault({})
      .describe("What a snapshot must meet before it is trained on."),
    retrain: z
      .object({
        // Not "on": YAML 1.1, which kubectl speaks, reads that word as the boolean true.
        when: z
          .object({
            newPairs: count(
              "Preferences, since the snapshot last trained on (or since the beginning), that start a DPOJob.",
              1,
            ),
          })
          .describe("What starts a DPOJob."),
        concurrencyPolicy: z
          .enum(["Forbid"])
          .default("Forbid")
          .describe("Forbid: no new job while one of this dataset's runs."),
        template: z
          .object({
            metadata: z
              .object({
                labels: z
                  .record(z.string(), z.string().max(63))
                  .exactOptional()
                  .describe("Labels of the job, such as dpo.dev/publish-to."),
              })
              .exactOptional()
              .describe("Metadata of the job."),
            spec: DPOJobTemplateSpec.describe("Spec of the job; its dataset is filled in."),
          })
          .describe("The DPOJob to create."),
      })
      .exactOptional()
      .describe("Training that this dataset starts by itself."),
    storage: Storage.describe("Where snapshots are written."),
  })
  .describe("Which preferences become snapshots, when, and what a snapshot must meet.");
export type PreferenceDatasetSpec = z.infer<typeof PreferenceDatasetSpec>;

export const PreferenceDatasetStatus = z
  .object({
    observedGeneration,
    phase: phase(
      "Collecting, Profiling, Ready, QualityNotMet or Stalled; derived from the conditions, for reading only.",
    ),
    collected: z
      .object({
        preferences: z.int().min(0).meta({ format: "int64" }).describe("Preferences that the collector holds."),
        sequence: z.int().min(0).meta({ format: "int64" }).describe("Sequence number of the newest one."),
      })
      .exactOptional()
      .describe("What the collector holds for this dataset."),
    snapshot: z
      .object({
        digest: digest("What the snapshot is."),
        uri: z.string().max(512).describe("Where it is."),
        pairs: z.int().min(0).meta({ format: "int64" }).describe("Pairs in all its splits."),
        heldOutPairs: z.int().min(0).meta({ format: "int64" }).describe("Pairs in the held-out split."),
        takenAt: z.string().meta({ format: "date-time" }).describe("When it was taken."),
        sequence: z
          .int()
          .min(0)
          .meta({ format: "int64" })
          .describe("Sequence number of the collector that it is pinned to."),
      })
      .exactOptional()
      .describe("The newest snapshot."),
    quality: z
      .object({
        invalid: z
          .record(z.string(), z.int().min(0).meta({ format: "int64" }))
          .exactOptional()
          .describe("Records left out, by reason."),
        duplicates: z
          .int()
          .min(0)
          .meta({ format: "int64" })
          .describe("Records left out because another one says the same."),
        labelers: z.int().min(0).meta({ format: "int64" }).describe("Number of labelers."),
        largestLabelerShare: z
          .string()
          .max(11)
          .exactOptional()
          .describe("Share of pairs by the labeler with the most."),
        medianAge: z.string().max(28).exactOptional().describe("Median age of labels when the snapshot was taken."),
        agreement: z
          .object({
            value: z.string().max(24).describe("Krippendorff's alpha; 1 is full agreement, 0 is chance."),
            interval: z
              .array(z.string().max(24))
              .max(2)
              .meta({ "x-kubernetes-list-type": "atomic" })
              .exactOptional()
              .describe("95% interval."),
            units: z.int().min(0).meta({ format: "int64" }).describe("Pairs that two or more labelers judged."),
          })
          .exactOptional()
          .describe("Agreement between labelers; absent while no pair has two of them."),
      })
      .exactOptional()
      .describe("What the profile of the newest snapshot found."),
    refused: z
      .object({
        sequence: z
          .int()
          .min(0)
          .meta({ format: "int64" })
          .describe("Sequence number of the collector up to which there is no snapshot to be had."),
        generation: z.int().min(0).meta({ format: "int64" }).describe("The metadata.generation whose spec refused it."),
        records: z.int().min(0).meta({ format: "int64" }).exactOptional().describe("Records that were judged."),
        reason: z.string().max(64).describe("Why, as one CamelCase word."),
        message: z.string().max(4096).describe("Why, as a sentence for people."),
      })
      .exactOptional()
      .describe("Data that the newest profile refused. It is tried again with a tenth more of it, or another spec."),
    lastTrained: z
      .object({
        job: objectName("Name of the DPOJob.", 253),
        digest: digest("Snapshot that it trains on."),
        pairs: z.int().min(0).meta({ format: "int64" }).describe("Pairs in that snapshot."),
        sequence: z.int().min(0).meta({ format: "int64" }).describe("Sequence number of that snapshot."),
      })
      .exactOptional()
      .describe("The newest DPOJob that this dataset started."),
    conditions,
  })
  .describe("What the operator saw.");
export type PreferenceDatasetStatus = z.infer<typeof PreferenceDatasetStatus>;

export const PreferenceDataset = objectOf("PreferenceDataset", PreferenceDatasetSpec, PreferenceDatasetStatus).describe(
  "PreferenceDataset turns incoming preferences into immutable, quality-gated snapshots and starts training on them.",
);
export type PreferenceDataset = z.infer<typeof PreferenceDataset>;
