import * as z from "zod";
import { ModelReference } from "./dpo-job.ts";
import {
  atomicList,
  conditions,
  mapList,
  objectName,
  objectOf,
  observedGeneration,
  reference,
  rules,
} from "./object.ts";
import { duration, percent } from "./quantity.ts";

const Step = z.object({
  name: objectName("Name of the step."),
  weight: z
    .int()
    .min(0)
    .max(99)
    .meta({ format: "int32" })
    .describe("Percent of live requests that the candidate serves; 0 is a shadow step: no user is served by it."),
  minDuration: duration("How long the step lasts at least, from when its weight is live.").default("0s"),
  requires: z
    .array(z.enum(["winRate", "safety"]))
    .min(1)
    .max(8)
    .meta({ "x-kubernetes-list-type": "set" })
    .exactOptional()
    .describe("Gates that must have passed before the step is entered."),
  approval: z
    .enum(["None", "Required"])
    .default("None")
    .describe(
      "Required: the step is left only once somebody has annotated the canary with dpo.dev/approve: <revision>/<step>.",
    ),
  pause: z
    .object({
      until: z
        .string()
        .meta({ format: "date-time" })
        .describe('A moment such as "2026-12-01T09:00:00Z". The step is not left before it.'),
    })
    .exactOptional()
    .describe("Keeps the candidate in the step until a moment, or until dpo.dev/resume: <revision>/<step>."),
});

/** A time that comes again, with how long it lasts. */
const Window = z.object({
  schedule: z
    .string()
    .min(9)
    .max(100)
    .regex(/^\S+( +\S+){4}$/)
    .describe('When it begins, as five cron fields, such as "0 9 * * 1-5".'),
  duration: duration("How long it lasts."),
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z][A-Za-z0-9_+\-/]*$/)
    .default("Etc/UTC")
    .describe('Time zone of the schedule, such as "Europe/Berlin".'),
});

const WinRateGate = z
  .object({
    min: percent(
      "A candidate that wins this share or less is promoted with at most the probability falsePromotion.",
    ).default("50%"),
    target: percent(
      "A candidate that wins this share or more is rolled back with at most the probability falseRollback.",
    ).default("60%"),
    falsePromotion: percent(
      "Probability of promoting a candidate at or under min, however often the gate is looked at.",
    ).default("5%"),
    falseRollback: percent(
      "Probability of rolling back a candidate at or over target, however often the gate is looked at.",
    ).default("5%"),
  })
  .meta(
    rules(
      [
        "double(self.min.replace('%', '')) < double(self.target.replace('%', ''))",
        "gates.winRate.min must be under gates.winRate.target: between the two either outcome may happen",
      ],
      [
        "double(self.target.replace('%', '')) - double(self.min.replace('%', '')) < 50.0",
        "gates.winRate.target must be less than 50 points over gates.winRate.min: a revision with stable's own model is judged at 50% minus their difference",
      ],
      [
        "double(self.min.replace('%', '')) > 0.0 && double(self.target.replace('%', '')) < 100.0",
        "gates.winRate.min must be over 0% and gates.winRate.target under 100%",
      ],
      [
        "double(self.falsePromotion.replace('%', '')) > 0.0 && double(self.falsePromotion.replace('%', '')) <= 50.0",
        "gates.winRate.falsePromotion must be over 0% and at most 50%: no number of comparisons gives certainty",
      ],
      [
        "double(self.falseRollback.replace('%', '')) > 0.0 && double(self.falseRollback.replace('%', '')) <= 50.0",
        "gates.winRate.falseRollback must be over 0% and at most 50%: no number of comparisons gives certainty",
      ],
    ),
  )
  .describe(
    "Do people prefer the candidate's answers to stable's? Decided from comparisons of both answers to the same live request.",
  );

const SafetyGate = z
  .object({
    maxViolationRate: percent("Rate of violations that the candidate must not exceed.").default("0.01%"),
    minChecked: z
      .int()
      .min(1)
      .max(100_000_000)
      .meta({ format: "int32" })
      .default(100)
      .describe(
        "Checked answers before the gate can pass. It passes without evidence of more than the limit; that is no proof of less.",
      ),
  })
  .meta(
    rules([
      "double(self.maxViolationRate.replace('%', '')) > 0.0 && double(self.maxViolationRate.replace('%', '')) < 50.0",
      "gates.safety.maxViolationRate must be over 0% and under 50%: a rate of exactly zero cannot be tested",
    ]),
  )
  .describe("Does the candidate break the rules more often than allowed? Decided from checked answers.");

const ParentRef = z.object({
  name: objectName("Name of the Gateway.", 253),
  namespace: objectName("Namespace of the Gateway; the canary's own where unset.").exactOptional(),
  sectionName: objectName("Listener of the Gateway; all where unset.", 253).exactOptional(),
});

export const PreferenceCanarySpec = z
  .object({
    replicas: z
      .int()
      .min(1)
      .max(1000)
      .meta({ format: "int32" })
      .default(1)
      .describe("Pods of the arm that has the whole weight; the candidate has as many before it gets it."),
    model: z
      .object({
        fromJobs: z
          .object({})
          .exactOptional()
          .describe("The newest validated DPOJob labelled dpo.dev/publish-to: <this canary>."),
        uri: ModelReference.shape.uri.exactOptional(),
        digest: ModelReference.shape.digest.exactOptional(),
      })
      .meta(
        rules([
          "has(self.fromJobs) ? !has(self.uri) && !has(self.digest) : has(self.uri) && has(self.digest)",
          "set either model.fromJobs, or model.uri together with model.digest",
        ]),
      )
      .describe("The model wanted. A new one starts a run."),
    serving: z
      .object({
        workloadRef: z
          .object({
            kind: z.enum(["Deployment"]).default("Deployment").describe("Kind of the workload."),
            name: objectName("Name of the workload, in the same namespace."),
          })
          .describe(
            "A workload that is only a template (replicas: 0); both arms are made from it and the operator never writes into it.",
          ),
        modelEnv: z
          .string()
          .min(1)
          .max(128)
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .default("MODEL_URI")
          .describe(
            "Variable that the serving container reads. Its value in the template is the first revision's model.",
          ),
        port: z
          .int()
          .min(1)
          .max(65_535)
          .meta({ format: "int32" })
          .default(8080)
          .describe("Port that the serving container listens on."),
      })
      .describe("How models are served."),
    traffic: z
      .object({
        httpRoute: z
          .object({
            parentRefs: atomicList(ParentRef, 8, 1).describe("Gateways that the route attaches to."),
            hostnames: z
              .array(z.string().min(1).max(253))
              .max(16)
              .meta({ "x-kubernetes-list-type": "atomic" })
              .exactOptional()
              .describe("Host names that the route answers for."),
          })
          .describe("A Gateway API HTTPRoute, named as the canary, that the operator owns."),
      })
      .describe("Who is asked to move traffic."),
    evidence: z
      .object({
        comparisons: z
          .object({
            percent: z
              .int()
              .min(1)
              .max(100)
              .meta({ format: "int32" })
              .default(5)
              .describe("Percent of live requests that are mirrored to the sampler, which asks both arms."),
            dataset: reference("The PreferenceDataset that the pairs are queued for and the choices are kept in."),
          })
          .describe("People's choices between both arms' answers to the same live request."),
        checks: z.object({}).exactOptional().describe("Safety verdicts on answers of the candidate."),
      })
      .describe("Where evidence comes from."),
    steps: mapList(Step, "name", 20, 1)
      .meta(
        rules([
          "self.map(s, s.weight).isSorted()",
          "steps must not go down in weight: only a rollback takes traffic from a candidate",
        ]),
      )
      .describe("The way of a candidate, from its first request to its promotion."),
    gates: z
      .object({ winRate: WinRateGate, safety: SafetyGate.exactOptional() })
      .describe(
        "What the candidate must pass. All of them have to pass for a promotion; one that fails rolls back at once.",
      ),
    onNewCandidate: z
      .enum(["Queue", "Supersede"])
      .default("Queue")
      .describe(
        "What a newer model of fromJobs does to a run: Queue waits until it is over, Supersede ends it without a verdict.",
      ),
    onNoData: z
      .object({
        after: duration("How long a gate may hear nothing new before that counts as no data.").default("1h"),
        do: z
          .enum(["Hold", "Rollback"])
          .default("Hold")
          .describe("Hold: the candidate stays where it is until evidence comes. Rollback: it is rolled back."),
      })
      .prefault({})
      .describe("What a gate without evidence does to a run. No evidence is never taken for good evidence."),
    deadline: duration("How long a run may take; without it as long as the gates need.").exactOptional(),
    onInconclusive: z
      .enum(["Rollback", "Hold"])
      .default("Rollback")
      .describe("What happens to a candidate that is not promoted by the deadline: Hold waits for an order."),
    windows: atomicList(Window, 20)
      .exactOptional()
      .describe(
        "Times in which a candidate may be promoted; at any time where there are none. A rollback never waits.",
      ),
    freezes: atomicList(Window, 20)
      .exactOptional()
      .describe("Times in which no candidate is promoted, whatever the windows say. A rollback never waits."),
    afterPromotion: z
      .object({
        watch: duration("How long the model before it stays, with all its pods, and is still compared."),
      })
      .exactOptional()
      .describe(
        "A promoted model that turns out worse goes back: evidence for that is collected anew from its promotion on.",
      ),
    history: z
      .object({
        limit: z
          .int()
          .min(0)
          .max(50)
          .meta({ format: "int32" })
          .default(10)
          .describe("Runs that status.history keeps, the newest first."),
      })
      .prefault({})
      .describe("What is remembered of runs that are over."),
    suspend: z
      .boolean()
      .default(false)
      .describe(
        "No new run, step or promotion while true. Evidence is still read, and a failing gate still rolls back.",
      ),
    deletionPolicy: z
      .enum(["Retain", "Delete"])
      .default("Retain")
      .describe(
        "Retain: the stable arm and its route go on serving after the canary is deleted. Delete: they go with it.",
      ),
  })
  .meta(
    rules(
      [
        "!has(self.gates.safety) || has(self.evidence.checks)",
        "gates.safety needs evidence.checks: without checked answers it could never pass",
      ],
      [
        "!has(self.afterPromotion) || !self.steps.exists(s, s.name == 'watch')",
        "spec.steps: no step may be called watch, which is the name of the one that spec.afterPromotion adds",
      ],
      [
        "!has(self.steps[0].requires)",
        "spec.steps[0].requires cannot be met: no gate has passed before the first step",
      ],
      [
        "self.steps.all(s, !has(s.requires) || !('safety' in s.requires) || has(self.gates.safety))",
        "a step requires safety, but gates.safety is not set",
      ],
      [
        "self.serving.workloadRef.name == oldSelf.serving.workloadRef.name",
        "spec.serving.workloadRef.name is immutable: create another PreferenceCanary for another workload",
      ],
    ),
  )
  .describe("What is served, how traffic moves to a new model, and what the model must pass on the way.");
export type PreferenceCanarySpec = z.infer<typeof PreferenceCanarySpec>;

const Revision = z.object({
  revision: z.string().max(63).describe("Hash of model, pod template and serving settings."),
  digest: z.string().max(71).describe("Digest of the model; empty where the template does not say it."),
});

const Crossing = z.object({
  sequence: z.int().min(0).meta({ format: "int64" }).describe("The collector's number of the record that decided."),
  samples: z.int().min(0).meta({ format: "int64" }).describe("Pieces of evidence up to and with it."),
  sum: z.string().max(32).describe("Sum of their outcomes."),
});

const GateStatus = z.object({
  name: z.string().max(63).describe("Name of the gate, as in spec.gates."),
  verdict: z.enum(["Pass", "Fail", "Undecided", "NoData"]).describe("What the evidence says."),
  numbers: z
    .string()
    .max(512)
    .exactOptional()
    .describe("What the gate was asked for, as in spec.gates, when this was written."),
  changedFrom: z
    .string()
    .max(512)
    .exactOptional()
    .describe("What it was asked for when the first piece of evidence came, if that was something else."),
  estimate: z.string().max(16).exactOptional().describe("The best guess."),
  interval: z
    .array(z.string().max(16))
    .max(2)
    .meta({ "x-kubernetes-list-type": "atomic" })
    .exactOptional()
    .describe("95% interval, valid however often it is looked at."),
  samples: z.int().min(0).meta({ format: "int64" }).describe("Pieces of evidence, each an independent bet."),
  sum: z
    .string()
    .max(32)
    .describe("Sum of the outcomes. With samples it is all that the gate needs to go on after a restart."),
  cursor: z
    .object({
      sequence: z.int().min(0).meta({ format: "int64" }).describe("Sequence number of the newest record read."),
      id: z.string().max(128).describe("Its id."),
    })
    .exactOptional()
    .describe("How far the collector's stream was read."),
  passedAt: Crossing.exactOptional().describe("When the evidence for promotion first sufficed."),
  failedAt: Crossing.exactOptional().describe("When the evidence for rollback first sufficed. Final for this run."),
  rollbackFrom: Crossing.pick({ samples: true, sum: true })
    .exactOptional()
    .describe(
      "What was folded before the last retry. Evidence for rollback is counted from here, for promotion from the beginning.",
    ),
  lastSampleTime: z
    .string()
    .meta({ format: "date-time" })
    .exactOptional()
    .describe("When the newest piece of evidence was acknowledged by the collector."),
  evidence: z
    .object({
      promote: z
        .string()
        .max(64)
        .exactOptional()
        .describe("Evidence for promotion, of what is needed, on a log10 scale."),
      rollback: z.string().max(64).describe("Evidence for rollback, of what is needed, on a log10 scale."),
    })
    .exactOptional()
    .describe("How far the gate is from a verdict."),
  message: z.string().max(1024).describe("The verdict in words, with the numbers that made it."),
});

const EndedRun = z.object({
  revision: z.string().max(63).describe("The revision that was judged."),
  digest: z.string().max(71).describe("Its model."),
  outcome: z.enum(["Promoted", "RolledBack", "Superseded", "Failed"]).describe("How it ended."),
  time: z.string().meta({ format: "date-time" }).describe("When."),
  message: z.string().max(1024).describe("Why, in words."),
});

export const PreferenceCanaryStatus = z
  .object({
    observedGeneration,
    phase: z
      .string()
      .max(32)
      .exactOptional()
      .describe(
        "Idle, Progressing, Paused, AwaitingApproval, Promoting, Promoted, RollingBack, RolledBack or Stalled; derived, for reading only.",
      ),
    stable: Revision.exactOptional().describe("The revision that serves."),
    candidate: Revision.extend({
      entered: z
        .string()
        .meta({ format: "date-time" })
        .exactOptional()
        .describe("When it could first answer requests: the silence of a gate is counted from here."),
    })
      .exactOptional()
      .describe("The revision that is being judged."),
    weights: z
      .object({
        desired: z
          .int()
          .min(0)
          .max(100)
          .meta({ format: "int32" })
          .describe("Percent of live requests that the candidate should serve."),
        since: z
          .string()
          .meta({ format: "date-time" })
          .exactOptional()
          .describe("When that weight was stored in the route."),
      })
      .exactOptional()
      .describe("The candidate's share of live requests."),
    step: z
      .object({
        name: z.string().max(63).describe("Name of the step."),
        index: z.int().min(0).meta({ format: "int32" }).describe("Its place in spec.steps, from 0."),
        of: z.int().min(1).meta({ format: "int32" }).describe("Number of steps."),
      })
      .exactOptional()
      .describe("The step that the run is in."),
    gates: mapList(GateStatus, "name", 8)
      .exactOptional()
      .describe("Each gate's verdict and evidence, for the current or the last run."),
    lastRun: EndedRun.exactOptional().describe("How the last run ended."),
    history: atomicList(
      EndedRun.extend({
        gates: mapList(
          GateStatus.pick({ name: true, verdict: true, samples: true, estimate: true, interval: true }),
          "name",
          8,
        ).describe("What its gates had said."),
      }),
      50,
    )
      .exactOptional()
      .describe("Runs that are over, the newest first; as many as spec.history.limit."),
    conditions,
  })
  .describe("What the operator saw and did.");
export type PreferenceCanaryStatus = z.infer<typeof PreferenceCanaryStatus>;

export const PreferenceCanary = objectOf("PreferenceCanary", PreferenceCanarySpec, PreferenceCanaryStatus).describe(
  "PreferenceCanary moves live traffic to a new model in steps, promotes it only when people prefer it, and rolls it back by itself.",
);
export type PreferenceCanary = z.infer<typeof PreferenceCanary>;
