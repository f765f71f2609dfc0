import * as z from "zod";
import { CohortName } from "./canary-gates.ts";
import { Judge } from "./canary-judge.ts";
import { mapList, objectName, reference, rules, servicePort } from "./object.ts";
import { duration } from "./quantity.ts";

/** How often the requests of one group are compared. */
const CohortShare = z.object({
  name: CohortName.describe("The cohort, as the header x-dpo-cohort of live requests names it."),
  percent: z
    .int()
    .min(0)
    .max(100)
    .meta({ format: "int32" })
    .describe("Percent of the cohort's live requests that both arms are asked; 0 compares none of them."),
});

/** Active learning by predictive entropy, as Muldrew et al. 2024 (Active Preference Learning for Large Language Models) do it. */
const Uncertain = z
  .object({
    percent: z
      .int()
      .min(1)
      .max(50)
      .meta({ format: "int32" })
      .describe("Percent of live requests, none of them compared, that stable is asked once more for how sure it is."),
    keep: z
      .int()
      .min(1)
      .max(100)
      .meta({ format: "int32" })
      .default(10)
      .describe(
        "Percent of these, those that stable is least sure of, that are queued as pairs of two of its answers.",
      ),
  })
  .describe(
    "Where the model has most to learn: requests whose answer stable finds least likely, by the log probabilities that its server says, are queued for the dataset beside those that are compared. None of them is a comparison, so nothing that is promised of a gate depends on them, and raters get them behind those.",
  );

const RedactionRule = z.object({
  name: objectName("Name of the rule, by which the sampler's metrics count what it replaced."),
  pattern: z
    .string()
    .min(1)
    .max(500)
    .meta(
      rules([
        "!''.matches(self)",
        "evidence.comparisons.redact: a pattern must not match the empty text, or the replacement would be put between any two characters",
      ]),
    )
    .describe(
      'What is replaced, wherever it stands: a regular expression of RE2, such as "[\\w.+-]+@[\\w-]+[.][\\w.-]+". It has no look-around and no back-references, and takes no longer for any text than in proportion to its length.',
    ),
  replacement: z.string().max(100).default("[redacted]").describe("What stands there instead, as it is."),
});

const Baseline = z
  .object({
    service: objectName(
      "Name of the Service, in the same namespace. It has a cluster IP, answers what the arms answer and knows the models that clients name.",
    ),
    port: servicePort,
  })
  .describe(
    "A Service that the candidate is compared with instead of stable: gates.winRate, cohorts and calibration are about that. The sampler alone asks it, and an answer that it fails to give is no comparison.",
  );
export type Baseline = z.infer<typeof Baseline>;

export const Comparisons = z
  .object({
    percent: z
      .int()
      .min(1)
      .max(100)
      .meta({ format: "int32" })
      .default(5)
      .describe("Percent of live requests that the sampler asks of both arms, or of candidate and baseline."),
    cohorts: mapList(CohortShare, "name", 20)
      .exactOptional()
      .describe(
        "Cohorts of which another percentage is compared, so that rare ones get enough. The win rate, and what is promised of it, is then that of this mixture and not of the requests as users send them.",
      ),
    uncertain: Uncertain.exactOptional(),
    baseline: Baseline.exactOptional(),
    answerTimeout: duration(
      "How long an arm may take for the whole of an answer. One that takes longer has failed to give it, which is a comparison lost.",
    )
      .meta(
        rules([
          "duration(self) >= duration('1s') && duration(self) <= duration('10m')",
          "evidence.comparisons.answerTimeout must be from 1s to 10m: the sampler waits for a few answers at a time",
        ]),
      )
      .default("60s"),
    redact: mapList(RedactionRule, "name", 10)
      .exactOptional()
      .describe(
        "What is replaced in prompts and answers before they leave the sampler, rule by rule in this order. The arms are asked what users asked; raters, dataset and safety checks get the redacted texts.",
      ),
    dataset: reference("The PreferenceDataset that the pairs are queued for and the choices are kept in."),
    raters: z
      .object({
        queue: z.object({}).exactOptional().describe("People, or tools, who judge what waits in the dataset's queue."),
        judge: Judge.exactOptional(),
      })
      .meta(
        rules([
          "has(self.queue) != has(self.judge)",
          "set either evidence.comparisons.raters.queue or evidence.comparisons.raters.judge",
        ]),
      )
      .exactOptional()
      .describe("Who judges the pairs; the queue where unset."),
    unit: z
      .enum(["Prompt", "Rater"])
      .default("Prompt")
      .describe(
        "What is one independent bet. Prompt: one vote on each prompt, so that the promised error rates are about these raters and all prompts. Rater: one vote of each rater, so that they are about all the people whom these raters are a sample of, however long each of them votes; an answer that one arm fails to give is no bet then.",
      ),
    votesPerUnit: z
      .int()
      .min(1)
      .max(10)
      .meta({ format: "int32" })
      .default(1)
      .describe("Which vote of a unit is the bet, 1 being its first. The others are kept for agreement and training."),
  })
  .meta(
    rules(
      [
        "!has(self.raters) || !has(self.raters.judge) || self.unit == 'Prompt'",
        "evidence.comparisons.unit must be Prompt with raters.judge: one judge would be one bet, however much it judges",
      ],
      [
        "!has(self.uncertain) || (self.percent + self.uncertain.percent <= 100 && (!has(self.cohorts) || self.cohorts.all(c, c.percent + self.uncertain.percent <= 100)))",
        "evidence.comparisons.uncertain.percent and any other percent beside it must be 100 at most together: no request is both compared and asked for how sure stable is",
      ],
    ),
  )
  .describe("People's, or a judge's, choices between both arms' answers to the same live request.");
export type Comparisons = z.infer<typeof Comparisons>;
