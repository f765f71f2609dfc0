import * as z from "zod";
import { ExposureStatus } from "./canary-exposure.ts";
import { atomicList, conditions, mapList, observedGeneration, phase } from "./object.ts";

const Revision = z.object({
  revision: z.string().max(63).describe("Hash of model, pod template and serving settings."),
  digest: z.string().max(71).describe("Digest of the model; empty where the template does not say it."),
});

const Crossing = z.object({
  sequence: z
    .int()
    .min(0)
    .meta({ format: "int64" })
    .describe("Number of the record that decided: the collector's, or which sample or answer it was."),
  samples: z.int().min(0).meta({ format: "int64" }).describe("Pieces of evidence up to and with it."),
  sum: z.string().max(32).describe("Sum of their outcomes."),
});

export const GateStatus = z.object({
  name: z.string().max(63).describe("Name of the gate, as in spec.gates; metrics/<name> of each metric."),
  verdict: z.enum(["Pass", "Fail", "Undecided", "NoData", "Shifting", "Mismatch"]).describe("What the evidence says."),
  numbers: z
    .string()
    .max(2048)
    .exactOptional()
    .describe("What the gate was asked for, as in spec.gates, when this was written."),
  against: z
    .string()
    .max(70)
    .exactOptional()
    .describe("What the candidate is compared with, as SERVICE:PORT, where that is evidence.comparisons.baseline."),
  since: z
    .string()
    .meta({ format: "date-time" })
    .exactOptional()
    .describe(
      "Of a gate about ratings: when the candidate was first to be given requests of users. Earlier ones are not read.",
    ),
  changedFrom: z
    .string()
    .max(2048)
    .exactOptional()
    .describe("What it was asked for when the first piece of evidence came, if that was something else."),
  estimate: z
    .string()
    .max(16)
    .exactOptional()
    .describe("The best guess; for regression the points that the candidate is over stable, or under it."),
  interval: z
    .array(z.string().max(16))
    .max(2)
    .meta({ "x-kubernetes-list-type": "atomic" })
    .exactOptional()
    .describe("95% interval, valid however often it is looked at."),
  samples: z
    .int()
    .min(0)
    .meta({ format: "int64" })
    .describe("Pieces of evidence, each an independent bet; for regression pairs of ratings, for webhook answers."),
  sum: z
    .string()
    .max(32)
    .describe("Sum of their outcomes; for safety and metrics how many were violations or breaches."),
  corrections: z
    .int()
    .min(1)
    .meta({ format: "int64" })
    .exactOptional()
    .describe("How many of the records read are later versions of an earlier choice. The first version is the bet."),
  state: z
    .string()
    .max(2048)
    .exactOptional()
    .describe("What a gate needs beside samples and sum to go on, in a form of its own; not for reading."),
  cursor: z
    .object({
      sequence: z.int().min(0).meta({ format: "int64" }).describe("Sequence number of the newest record read."),
      id: z.string().max(128).describe("Its id."),
    })
    .exactOptional()
    .describe("How far its evidence was read."),
  passedAt: Crossing.exactOptional().describe("When the evidence for promotion first sufficed."),
  failedAt: Crossing.exactOptional().describe(
    "When the evidence for rollback, or of a mismatch, first sufficed. Final for this run.",
  ),
  rollbackFrom: Crossing.pick({ samples: true, sum: true })
    .exactOptional()
    .describe(
      "What was folded before the last retry. Evidence for rollback is counted from here, for promotion from the beginning.",
    ),
  lastSampleTime: z
    .string()
    .meta({ format: "date-time" })
    .exactOptional()
    .describe("When the newest piece of evidence was acknowledged by the collector, or sampled, or answered."),
  evidence: z
    .object({
      promote: z
        .string()
        .max(64)
        .exactOptional()
        .describe("Evidence for promotion, of what is needed, on a log10 scale."),
      rollback: z
        .string()
        .max(64)
        .describe("Evidence for rollback, or of a mismatch, of what is needed, on a log10 scale."),
    })
    .exactOptional()
    .describe("How far the gate is from a verdict."),
  message: z.string().max(1024).describe("The verdict in words, with the numbers that made it."),
});

const Among = z
  .int()
  .min(2)
  .meta({ format: "int32" })
  .exactOptional()
  .describe(
    "Among how many it was when it was first one of spec.model.candidates: gates.winRate's error rates are divided by that. Absent without.",
  );

const Began = z.string().meta({ format: "date-time" }).exactOptional().describe("When its run began.");

const EndedRun = z.object({
  revision: z.string().max(63).describe("The revision that was judged."),
  digest: z.string().max(71).describe("Its model."),
  outcome: z
    .enum(["Promoted", "RolledBack", "Superseded", "Failed", "Retired"])
    .describe(
      "How it ended; Retired: another one of spec.model.candidates was chosen, and nothing was found against this one.",
    ),
  time: z.string().meta({ format: "date-time" }).describe("When."),
  message: z.string().max(1024).describe("Why, in words."),
  among: Among,
  archive: z
    .object({
      digest: z.string().max(71).describe("Digest of the archive, unpacked: it is the same file as long as this is."),
      uri: z.string().max(1024).describe("Where the collector has it."),
    })
    .exactOptional()
    .describe("All the evidence that the run was judged by, as one file; absent until the collector has written it."),
});

const Refused = z
  .object({
    since: z.string().meta({ format: "date-time" }).describe("When that began."),
    message: z.string().max(1024).describe("What it says."),
  })
  .exactOptional()
  .describe(
    "While the API server does not take what its arm is made of: it has failed after serving.readyWithin of that.",
  );

const Contender = Revision.extend({
  name: z.string().max(63).describe("Its name in spec.model.candidates."),
  state: z
    .enum(["Starting", "Compared", "RolledBack", "Failed"])
    .describe("Whether its pods are still starting, or it is compared, or why it is out."),
  share: z
    .string()
    .max(16)
    .exactOptional()
    .describe("Share of the comparisons that are its own from now on; absent while it gets none."),
  began: Began,
  entered: z.string().meta({ format: "date-time" }).exactOptional().describe("When it could first answer requests."),
  among: Among,
  refused: Refused,
  gates: mapList(GateStatus, "name", 16).describe("What is known of it: the gates that need no user."),
  message: z.string().max(1024).describe("How it stands, in words."),
});

const Unarchived = EndedRun.pick({ revision: true, time: true }).extend({
  request: z.string().max(65_536).describe("What is to be archived, in a form of its own; not for reading."),
  problem: z.string().max(1024).exactOptional().describe("Why the last attempt failed. It is tried again."),
});

export const PreferenceCanaryStatus = z
  .object({
    observedGeneration,
    phase: phase(
      "Idle, Progressing, Paused, AwaitingApproval, Promoting, Promoted, RollingBack, RolledBack or Stalled; derived, for reading only.",
    ),
    replicas: z
      .int()
      .min(0)
      .meta({ format: "int32" })
      .exactOptional()
      .describe("Pods of an arm that has as many as spec.replicas; the scale subresource shows them."),
    selector: z
      .string()
      .max(256)
      .exactOptional()
      .describe(
        "Selects the pods that serve users, for an autoscaler: stable's, those of both arms while both serve, and the candidate's where it has all requests.",
      ),
    stable: Revision.exactOptional().describe("The revision that serves."),
    candidate: Revision.extend({
      began: Began,
      entered: z
        .string()
        .meta({ format: "date-time" })
        .exactOptional()
        .describe("When it could first answer requests: the silence of a gate is counted from here."),
      served: z
        .string()
        .meta({ format: "date-time" })
        .exactOptional()
        .describe(
          "When it first served users: the silence of a gate that is about their ratings is counted from here.",
        ),
      among: Among,
      refused: Refused,
    })
      .exactOptional()
      .describe("The revision that is being judged."),
    contenders: mapList(Contender, "name", 4)
      .exactOptional()
      .describe("While one of spec.model.candidates is being chosen: how they stand."),
    weights: z
      .object({
        desired: z
          .int()
          .min(0)
          .max(100)
          .meta({ format: "int32" })
          .describe("Percent of live requests that the candidate should serve."),
        verified: z
          .int()
          .min(0)
          .max(100)
          .meta({ format: "int32" })
          .exactOptional()
          .describe(
            "Percent of them that it serves by what answers through the gateway last showed; absent while nobody could ask.",
          ),
        since: z
          .string()
          .meta({ format: "date-time" })
          .exactOptional()
          .describe(
            "When the step's weight became live: answers showed it or, where nobody can ask, it was stored for a second.",
          ),
      })
      .exactOptional()
      .describe("The candidate's share of live requests."),
    foreignWrite: z
      .object({
        generation: z
          .int()
          .min(0)
          .meta({ format: "int64" })
          .describe("The route's metadata.generation with it: dpo.dev/resume=route/<generation> writes it back."),
        manager: z
          .string()
          .max(128)
          .exactOptional()
          .describe("Who wrote it, by metadata.managedFields of the route; absent where that does not tell."),
        time: z.string().meta({ format: "date-time" }).exactOptional().describe("When, by the same."),
      })
      .exactOptional()
      .describe("Somebody else's change of the route that stands, since traffic.onForeignWrite is Hold."),
    exposure: ExposureStatus.exactOptional(),
    step: z
      .object({
        name: z.string().max(63).describe("Name of the step."),
        index: z.int().min(0).meta({ format: "int32" }).describe("Its place in spec.steps, from 0."),
        of: z.int().min(1).meta({ format: "int32" }).describe("Number of steps."),
      })
      .exactOptional()
      .describe("The step that the run is in."),
    gates: mapList(GateStatus, "name", 16)
      .exactOptional()
      .describe("Each gate's verdict and evidence, for the current or the last run."),
    lastRun: EndedRun.exactOptional().describe("How the last run ended."),
    history: atomicList(
      EndedRun.extend({
        gates: mapList(
          GateStatus.pick({ name: true, against: true, verdict: true, samples: true, estimate: true, interval: true }),
          "name",
          16,
        ).describe("What its gates had said."),
      }),
      50,
    )
      .exactOptional()
      .describe("Runs that are over, the newest first; as many as spec.history.limit."),
    archiving: atomicList(Unarchived, 50)
      .exactOptional()
      .describe("Runs that are over and whose evidence the collector has yet to archive, the newest first."),
    conditions,
  })
  .describe("What the operator saw and did.");
export type PreferenceCanaryStatus = z.infer<typeof PreferenceCanaryStatus>;
