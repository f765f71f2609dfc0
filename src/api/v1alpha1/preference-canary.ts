import * as z from "zod";
import { MetricGate, WebhookGate } from "./asked-gates.ts";
import { Comparisons } from "./canary-comparisons.ts";
import { MaxExposure } from "./canary-exposure.ts";
import {
  CalibrationGate,
  CohortsGate,
  ComplianceGate,
  MismatchGate,
  RegressionGate,
  SafetyGate,
  WinRateGate,
} from "./canary-gates.ts";
import { CanaryModel, Selection } from "./canary-model.ts";
import { Serving } from "./canary-serving.ts";
import { PreferenceCanaryStatus } from "./canary-status.ts";
import { Traffic } from "./canary-traffic.ts";
import { atomicList, mapList, objectName, objectOf, rules } from "./object.ts";
import { duration } from "./quantity.ts";

export { PreferenceCanaryStatus } from "./canary-status.ts";

/** Gates that a step may require; all but winRate may also be missing from a spec. */
const OPTIONAL = [
  "safety",
  "compliance",
  "regression",
  "cohorts",
  "mismatch",
  "calibration",
  "metrics",
  "webhook",
] as const;
const REQUIRED = ["winRate", ...OPTIONAL] as const;

const Step = z.object({
  name: objectName("Name of the step."),
  weight: z
    .int()
    .min(0)
    .max(100)
    .meta({ format: "int32" })
    .describe(
      "Percent of live requests that the candidate serves; 0 is a shadow step: no user is served by it. 100: all of them, while stable keeps its pods until the candidate is promoted.",
    ),
  minDuration: duration("How long the step lasts at least, from when its weight is live.").default("0s"),
  requires: z
    .array(z.enum(REQUIRED))
    .min(1)
    .max(REQUIRED.length)
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

export const PreferenceCanarySpec = z
  .object({
    replicas: z
      .int()
      .min(1)
      .max(1000)
      .meta({ format: "int32" })
      .default(1)
      .describe("Pods of the arm that has the whole weight; the candidate has as many before it gets it."),
    minCandidateReplicas: z
      .int()
      .min(1)
      .max(1000)
      .meta({ format: "int32" })
      .default(1)
      .describe(
        "Pods of a candidate at least, and no more than replicas. Beyond that it has what its weight and the sampler's requests need, before it gets the weight.",
      ),
    model: CanaryModel,
    selection: Selection.exactOptional(),
    serving: Serving,
    traffic: Traffic,
    evidence: z
      .object({
        comparisons: Comparisons,
        checks: z.object({}).exactOptional().describe("Safety verdicts on answers of the candidate."),
        ratings: z
          .object({})
          .exactOptional()
          .describe("What users thought of single answers that candidate or stable served them."),
      })
      .describe("Where evidence comes from."),
    steps: mapList(Step, "name", 20, 1)
      .meta(
        rules(
          [
            "self.map(s, s.weight).isSorted()",
            "steps must not go down in weight: only a rollback takes traffic from a candidate",
          ],
          [
            "self.all(s, s.weight < 100 || has(s.requires))",
            "a step with weight 100 needs requires: without it every user would be served by a model about which nothing is known",
          ],
        ),
      )
      .describe("The way of a candidate, from its first request to its promotion."),
    maxExposure: MaxExposure.exactOptional(),
    gates: z
      .object({
        winRate: WinRateGate,
        safety: SafetyGate.exactOptional(),
        compliance: ComplianceGate.exactOptional(),
        regression: RegressionGate.exactOptional(),
        cohorts: CohortsGate.exactOptional(),
        mismatch: MismatchGate.exactOptional(),
        calibration: CalibrationGate.exactOptional(),
        metrics: mapList(MetricGate, "name", 8, 1)
          .exactOptional()
          .describe("What Prometheus says of the candidate: each metric is a gate of its own."),
        webhook: WebhookGate.exactOptional(),
      })
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
        watch: duration(
          "How long the model before it stays, with all its pods, and is still compared, unless evidence.comparisons.baseline is.",
        ),
      })
      .exactOptional()
      .describe(
        "A promoted model that turns out worse goes back: what gates.winRate, compliance and regression need for that is collected anew from its promotion on, the other gates go on.",
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
        "Retain: the stable arm and its route go on serving after the canary is deleted. Delete: they go with it. Of an adopted route what it still names stays, and of the rest only the records of verdicts: with Retain.",
      ),
  })
  .meta(
    rules(
      [
        "has(self.serving.external) || ((has(self.model.fromJobs) ? 1 : 0) + (has(self.model.candidates) ? 1 : 0) + (has(self.model.uri) || has(self.model.digest) ? 1 : 0) == 1 && has(self.model.uri) == has(self.model.digest))",
        "spec.model: set either model.fromJobs, or model.uri together with model.digest, or model.candidates",
      ],
      [
        "!has(self.serving.external) || !(has(self.model.fromJobs) || has(self.model.uri) || has(self.model.digest))",
        "spec.model cannot be set with serving.external: each of its arms names its digest",
      ],
      [
        "!has(self.serving.external) || !has(self.model.candidates)",
        "model.candidates cannot be used with serving.external: the operator makes an arm of each, so set serving.workloadRef, serving.template or serving.inferenceService",
      ],
      [
        "has(self.model.candidates) == has(self.selection)",
        "spec.selection and spec.model.candidates need each other: selection says how one of the candidates is chosen, and may be {}",
      ],
      [
        "!has(self.selection) || !has(self.deadline) || has(self.selection.deadline)",
        "spec.deadline with spec.selection needs selection.deadline: set one that is shorter, or the run may be over before one is chosen",
      ],
      [
        "!has(self.selection) || !has(self.selection.deadline) || !has(self.deadline) || duration(self.selection.deadline) < duration(self.deadline)",
        "selection.deadline must be shorter than spec.deadline, which counts from the same moment: there would be no time for the steps",
      ],
      [
        "!has(self.deadline) || self.onInconclusive == 'Hold' || self.steps.map(s, duration(s.minDuration)).sum() < duration(self.deadline)",
        "spec.deadline must be longer than the minDuration of all spec.steps together, or every candidate is too late: raise it, or shorten a step",
      ],
      [
        "!has(self.gates.safety) || has(self.evidence.checks)",
        "gates.safety needs evidence.checks: without checked answers it could never pass",
      ],
      [
        "!(has(self.gates.compliance) || has(self.gates.regression)) || has(self.evidence.ratings)",
        "gates.compliance and gates.regression need evidence.ratings: without ratings they could never pass",
      ],
      [
        "!(has(self.gates.compliance) || has(self.gates.regression)) || self.steps.exists(s, s.weight > 0)",
        "gates.compliance and gates.regression need a step with a weight over 0: only users that the candidate serves can rate it",
      ],
      [
        "!has(self.gates.regression) || self.steps.exists(s, s.weight > 0 && s.weight < 100)",
        "gates.regression needs a step with a weight over 0 and under 100: it compares ratings of both arms, so both must serve users",
      ],
      ...(["regression", "mismatch"] as const).map((gate): [string, string] => [
        `!has(self.gates.${gate}) || self.steps.all(s, s.weight < 100 || (has(s.requires) && '${gate}' in s.requires))`,
        `a step with weight 100 must require ${gate}, which can pass only while both arms serve users`,
      ]),
      [
        "!has(self.gates.mismatch) || has(self.evidence.ratings)",
        "gates.mismatch needs evidence.ratings: it counts whose answers are rated",
      ],
      [
        "!has(self.gates.mismatch) || self.steps.exists(s, s.weight > 0 && s.weight < 100)",
        "gates.mismatch needs a step with a weight over 0 and under 100: it counts how users are shared out between the arms",
      ],
      [
        "!has(self.gates.mismatch) || duration(self.gates.mismatch.settle) < duration(self.onNoData.after)",
        "gates.mismatch.settle must be shorter than onNoData.after, or it would be missed before it is counted",
      ],
      [
        "!has(self.gates.cohorts) || !has(self.evidence.comparisons.cohorts) || self.evidence.comparisons.cohorts.all(c, c.percent > 0 || !(c.name in self.gates.cohorts.names))",
        "evidence.comparisons.cohorts: a cohort of gates.cohorts.names needs a percent over 0, or the gate could never pass",
      ],
      [
        "!has(self.evidence.comparisons.baseline) || !has(self.serving.external) || !has(self.serving.external.candidate) || self.evidence.comparisons.baseline.service != self.serving.external.candidate.service",
        "evidence.comparisons.baseline.service must be another Service than that of serving.external.candidate: the candidate would be compared with itself",
      ],
      [
        "!has(self.gates.mismatch) || (has(self.traffic.httpRoute) ? !has(self.traffic.httpRoute.sticky) : !has(self.traffic.istio.virtualService.sticky))",
        "gates.mismatch cannot be asked with traffic.httpRoute.sticky, or that of a VirtualService: older sessions keep the arms from being rated as the weights say",
      ],
      [
        "!has(self.maxExposure) || has(self.gates.safety)",
        "spec.maxExposure needs gates.safety: it bounds what users see until that has passed",
      ],
      [
        "!has(self.maxExposure) || (has(self.traffic.httpRoute) ? !has(self.traffic.httpRoute.sticky) : !has(self.traffic.istio.virtualService.sticky))",
        "spec.maxExposure cannot be kept with traffic.httpRoute.sticky, or that of a VirtualService: sessions stay with the candidate whatever its weight is",
      ],
      [
        "!has(self.maxExposure) || self.traffic.onForeignWrite != 'Hold'",
        "spec.maxExposure cannot be kept with traffic.onForeignWrite: Hold: the candidate would go on serving whatever somebody else has given it, so set Undo",
      ],
      [
        "!self.steps.exists(s, s.name == 'watch')",
        "spec.steps: no step may be called watch, which is the name of the one that spec.afterPromotion adds",
      ],
      [
        "!has(self.steps[0].requires)",
        "spec.steps[0].requires cannot be met: no gate has passed before the first step",
      ],
      ...OPTIONAL.map((gate): [string, string] => [
        `self.steps.all(s, !has(s.requires) || !('${gate}' in s.requires) || has(self.gates.${gate}))`,
        `a step requires ${gate}, but gates.${gate} is not set`,
      ]),
      [
        "!has(self.gates.metrics) || self.gates.metrics.all(m, duration(m.interval) < duration(self.onNoData.after))",
        "gates.metrics[].interval must be shorter than spec.onNoData.after, or there would be no data between two samples",
      ],
      [
        "!has(self.gates.webhook) || duration(self.gates.webhook.interval) < duration(self.onNoData.after)",
        "gates.webhook.interval must be shorter than spec.onNoData.after, or there would be no data between two answers",
      ],
      [
        "self.steps.all(s, !has(s.requires) || !s.requires.exists(gate, gate in ['compliance', 'regression', 'mismatch']) || (s.weight > 0 && s.name != self.steps.filter(served, served.weight > 0)[0].name))",
        "a step that requires compliance, regression or mismatch needs one before it with a weight over 0: only users that the candidate serves can rate it",
      ],
    ),
  )
  .describe("What is served, how traffic moves to a new model, and what the model must pass on the way.");
export type PreferenceCanarySpec = z.infer<typeof PreferenceCanarySpec>;

export const PreferenceCanary = objectOf("PreferenceCanary", PreferenceCanarySpec, PreferenceCanaryStatus).describe(
  "PreferenceCanary moves live traffic to a new model in steps, promotes it only when people prefer it, and rolls it back by itself.",
);
export type PreferenceCanary = z.infer<typeof PreferenceCanary>;
