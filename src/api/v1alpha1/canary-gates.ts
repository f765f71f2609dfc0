import * as z from "zod";
import { rules } from "./object.ts";
import { duration, percent } from "./quantity.ts";

interface TwoThresholds {
  /** The gate's name in the spec. */
  readonly gate: string;
  /** Pieces of its evidence. */
  readonly records: string;
  /** A candidate that stands at a threshold or under it, or at it or over it. */
  readonly under: string;
  readonly over: string;
  readonly min: string;
  readonly target: string;
}

function sampleLimit(description: string) {
  return z.int().min(1).max(100_000_000).meta({ format: "int32" }).exactOptional().describe(description);
}

function errorRate(description: string) {
  return percent(`${description}, however often the gate is looked at.`).default("5%");
}

/** The fields of a two-threshold test. */
function thresholds({ records, under, over, min, target }: TwoThresholds) {
  return z.object({
    min: percent(`A candidate ${under} is promoted with at most the probability falsePromotion.`).default(min),
    target: percent(`A candidate ${over} is rolled back with at most the probability falseRollback.`).default(target),
    falsePromotion: errorRate("Probability of promoting a candidate at or under min"),
    falseRollback: errorRate("Probability of rolling back a candidate at or over target"),
    minSamples: sampleLimit(`No pass before as many ${records}. The test itself needs no least number.`),
    maxSamples: sampleLimit(`No pass by more than as many ${records}: without one by then there will be none.`),
  });
}

type Rule = readonly [rule: string, message: string];

function isErrorRate(field: string, gate: string, records: string): Rule {
  const value = `double(self.${field}.replace('%', ''))`;
  return [
    `${value} > 0.0 && ${value} <= 50.0`,
    `gates.${gate}.${field} must be over 0% and at most 50%: no number of ${records} gives certainty`,
  ];
}

function twoThresholdRules({ gate, records }: TwoThresholds): readonly Rule[] {
  return [
    [
      "double(self.min.replace('%', '')) < double(self.target.replace('%', ''))",
      `gates.${gate}.min must be under gates.${gate}.target: between the two either outcome may happen`,
    ],
    [
      "double(self.min.replace('%', '')) > 0.0 && double(self.target.replace('%', '')) < 100.0",
      `gates.${gate}.min must be over 0% and gates.${gate}.target under 100%`,
    ],
    isErrorRate("falsePromotion", gate, records),
    isErrorRate("falseRollback", gate, records),
    [
      "!has(self.minSamples) || !has(self.maxSamples) || self.minSamples <= self.maxSamples",
      `gates.${gate}.minSamples must not be over gates.${gate}.maxSamples, or it could never pass`,
    ],
  ];
}

const WIN_RATE = {
  gate: "winRate",
  records: "comparisons",
  under: "that wins this share or less",
  over: "that wins this share or more",
  min: "50%",
  target: "60%",
} as const satisfies TwoThresholds;

export const WinRateGate = thresholds(WIN_RATE)
  .meta(
    rules(...twoThresholdRules(WIN_RATE), [
      "double(self.target.replace('%', '')) - double(self.min.replace('%', '')) < 50.0",
      "gates.winRate.target must be less than 50 points over gates.winRate.min: a revision with stable's own model is judged at 50% minus their difference",
    ]),
  )
  .describe(
    "Do people prefer the candidate's answers to stable's, or to those of evidence.comparisons.baseline? Decided from comparisons of both answers to the same live request.",
  );

const COMPLIANCE = {
  gate: "compliance",
  records: "ratings",
  under: "whose answers are approved of by this share or less",
  over: "whose answers are approved of by this share or more",
  min: "65%",
  target: "70%",
} as const satisfies TwoThresholds;

export const ComplianceGate = thresholds(COMPLIANCE)
  .meta(rules(...twoThresholdRules(COMPLIANCE)))
  .describe(
    "Do users approve of the answers that the candidate serves them? Decided from their ratings, of which the first of each rater counts.",
  );

export const RegressionGate = z
  .object({
    maxDrop: percent(
      "A candidate whose ratings are on average this many points or more under stable's is promoted with at most the probability falsePromotion.",
    ).default("5%"),
    falsePromotion: errorRate("Probability of promoting a candidate that is maxDrop or more under stable"),
    falseRollback: errorRate("Probability of rolling back a candidate that is not under stable"),
  })
  .meta(
    rules(
      [
        "double(self.maxDrop.replace('%', '')) > 0.0 && double(self.maxDrop.replace('%', '')) < 100.0",
        "gates.regression.maxDrop must be over 0% and under 100%: no number of ratings shows that there is no drop at all",
      ],
      isErrorRate("falsePromotion", "regression", "ratings"),
      isErrorRate("falseRollback", "regression", "ratings"),
    ),
  )
  .describe(
    "Do users rate the candidate's answers lower than stable's? Decided from the ratings of both while both serve users.",
  );

/** A group of requests or people, as the header x-dpo-cohort names it. */
export const CohortName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/);

export const CohortsGate = z
  .object({
    names: z
      .array(CohortName)
      .min(1)
      .max(20)
      .meta({ "x-kubernetes-list-type": "set" })
      .describe(
        "The cohorts that are looked at, as the header x-dpo-cohort of live requests names them. Comparisons of others are counted and not bet on.",
      ),
    min: percent(
      "A candidate that wins this share or more in all of the cohorts is rolled back with at most the probability falseRollback.",
    ).default("45%"),
    minSamples: z
      .int()
      .min(1)
      .max(100_000_000)
      .meta({ format: "int32" })
      .default(20)
      .describe("Bets that each cohort must have before the gate can pass."),
    falseRollback: errorRate(
      "Probability of rolling back a candidate at or over min in all cohorts, for all of them together",
    ),
  })
  .meta(
    rules(
      [
        "double(self.min.replace('%', '')) > 0.0 && double(self.min.replace('%', '')) < 100.0",
        "gates.cohorts.min must be over 0% and under 100%: no number of comparisons shows that nobody ever prefers stable",
      ],
      isErrorRate("falseRollback", "cohorts", "comparisons"),
    ),
  )
  .describe(
    "Is any group of requests or people worse off with the candidate? Decided from the same comparisons as winRate; a pass says that every cohort has minSamples of them and that they gave no evidence of harm.",
  );

export const MismatchGate = z
  .object({
    falseAlarm: percent(
      "Probability of a mismatch where the arms do get what their weights say, however often the gate is looked at.",
    ).default("1%"),
    minSamples: z
      .int()
      .min(1)
      .max(100_000_000)
      .meta({ format: "int32" })
      .default(100)
      .describe("Ratings that must have been counted before the gate can pass."),
    settle: duration(
      "How long a weight must have been live before a rating counts: until then many are of answers that were given at the weight before.",
    ).default("10m"),
  })
  .meta(rules(isErrorRate("falseAlarm", "mismatch", "ratings")))
  .describe(
    "Are the two arms' answers rated as often as the weights say? If not, whom each of them serves, or who rates it, is not left to chance: the evidence is not trusted, and the candidate stays where it is until somebody has looked.",
  );

export const CalibrationGate = z
  .object({
    maxError: percent(
      "Expected calibration error that is accepted. A candidate beyond it passes, and one within it fails, with at most 5% probability each, however often the gate is looked at.",
    ).default("10%"),
  })
  .meta(
    rules([
      "double(self.maxError.replace('%', '')) > 0.0 && double(self.maxError.replace('%', '')) < 50.0",
      "gates.calibration.maxError must be over 0% and under 50%: no number of comparisons shows that there is no error at all",
    ]),
  )
  .describe(
    "Does the candidate's own reward margin say what people prefer? Decided from the comparisons of pairs that were posted with a margin.",
  );

export const SafetyGate = z
  .object({
    maxViolationRate: percent("Rate of violations that the candidate must not exceed.").default("0.01%"),
    minChecked: z
      .int()
      .min(1)
      .max(100_000_000)
      .meta({ format: "int32" })
      .default(100)
      .describe("Checked answers before the gate can pass."),
    require: z
      .enum(["NoBreach", "ProvenBelow"])
      .default("NoBreach")
      .describe(
        "What a pass says. NoBreach: the checks gave no evidence of more than the limit, which is no proof of less. ProvenBelow: they gave evidence of less, which takes many: at 0.01% at least 29,956 without a violation, at 1% 299.",
      ),
  })
  .meta(
    rules([
      "double(self.maxViolationRate.replace('%', '')) > 0.0 && double(self.maxViolationRate.replace('%', '')) < 50.0",
      "gates.safety.maxViolationRate must be over 0% and under 50%: a rate of exactly zero cannot be tested",
    ]),
  )
  .describe("Does the candidate break the rules more often than allowed? Decided from checked answers.");
