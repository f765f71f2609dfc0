import type { Baseline } from "../../api/v1alpha1/canary-comparisons.ts";
import type { Judge } from "../../api/v1alpha1/canary-judge.ts";
import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { againstOf } from "../../controllers/preferencecanary/evidence/baseline.ts";

/** What the promised error rates are about, in sentences. */

type Comparisons = PreferenceCanarySpec["evidence"]["comparisons"];
type Gates = PreferenceCanarySpec["gates"];

/** Whose win rate it is. */
export function aboutWinRate({ unit, votesPerUnit, raters }: Comparisons): string {
  const vote = votesPerUnit === 1 ? "first vote" : `vote number ${votesPerUnit}`;
  const whose = unit === "Rater" ? allPeople(vote) : raters?.judge ? thisJudge(raters.judge, vote) : theseRaters(vote);
  return (
    `The rates are about ${whose}, and hold for a win rate that stays on one side of min or target, not for one that ` +
    "goes up and down around it."
  );
}

const theseRaters = (vote: string) =>
  "the raters that choose here, people or judges, and the prompts that users send: one prompt is one bet, by its " +
  `${vote}. They say nothing of other raters`;

const thisJudge = ({ name, model }: Judge, vote: string) =>
  `what judge ${name} (${model}) prefers, and the prompts that users send: one prompt is one bet, by its ${vote}. They ` +
  "say nothing of what people prefer (where people judge some of the pairs, they are about both together)";

const allPeople = (vote: string) =>
  "all the people whom the raters are a sample of: one rater is one bet, by their " +
  `${vote}, however long they go on. They say nothing of people who are never asked`;

/** Only where cohorts are compared in other shares than users send them. */
export function aboutMixture({ percent, cohorts = [] }: Pick<Comparisons, "percent" | "cohorts">): string[] {
  if (cohorts.length === 0) return [];
  const each = cohorts.map((cohort) => `${cohort.percent}% of ${cohort.name}`).join(", ");
  return [
    `They are about the requests as they are compared (${each}, ${percent}% of all others), not as users send them.`,
  ];
}

/** Instead of being against stable. */
export function aboutBaseline(baseline: Baseline): string {
  return (
    `They are about the candidate against baseline ${againstOf(baseline)}, by the requests that it answers, and say nothing of ` +
    "the candidate against stable, whose place it takes."
  );
}

/** Only where a candidate is one of several. */
export function aboutSeveral(among: number | undefined): string[] {
  if (among === undefined) return [];
  return [
    `Each of ${among} models is judged at one part in ${among} of the rates that the spec names, so those hold for all of them together; a model that Git lists later spends its own part on top.`,
  ];
}

export const ABOUT_COMPLIANCE =
  "The rates are about all the people whom those who rate are a sample of: one rater is one bet, by the first rating. " +
  "They say nothing of users who never rate.";

export const ABOUT_REGRESSION =
  "The rates are about all the people whom those who rate are a sample of, by the first rating of each, while both arms " +
  "serve: one rating of the candidate and those of stable since the one before are one bet.";

export const ABOUT_COHORTS =
  "Which cohort a comparison is of is what its request said in the header x-dpo-cohort, and nobody checks that.";

export function aboutMetric({
  prometheus: { server, query },
  interval,
}: NonNullable<Gates["metrics"]>[number]): string {
  return (
    `The rate is about samples that are taken ${interval} apart and are independent given what came before: it does not hold ` +
    `where the query looks back over more than that. Prometheus ${server} is asked: ${query}`
  );
}

export function aboutWebhook({ endpoint, interval }: NonNullable<Gates["webhook"]>): string {
  return `No error rate is promised: ${endpoint} is asked every ${interval}, and answers for what it says.`;
}

export const ABOUT_CALIBRATION =
  "Only comparisons count whose pair was posted with the candidate's margin, and nobody checks that it is its own.";

export const ABOUT_MISMATCH =
  "The rate is about ratings of answers that a gateway has split by the weights, one request like another: it does not hold " +
  "where sessions stick to an arm, or where one arm's users are asked more often.";

export const ABOUT_SAME_MODEL =
  "The candidate has stable's own model, so it is asked to be not worse, in a region of the same width that ends at 50%.";
