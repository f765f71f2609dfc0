import * as z from "zod";
import { PrometheusQuery } from "./asked-gates.ts";
import { rules } from "./object.ts";
import { duration } from "./quantity.ts";

const FIELD = "spec.maxExposure";

/** How many answers a candidate may serve before it is known to be safe. */
export const MaxExposure = z
  .object({
    answers: z
      .int()
      .min(1)
      .meta({ format: "int64" })
      .describe("Answers that the candidate may serve while gates.safety has not passed."),
    prometheus: PrometheusQuery.describe(
      "Counts the answers that {{revision}} has served so far. It is asked of stable too: together they say how many requests there are.",
    ),
    interval: duration(
      "Time between two counts, 5s at least. The longer it is, the less weight the candidate gets: more is served before the next one.",
    ).default("15s"),
  })
  .meta(
    rules(
      [
        "self.prometheus.query.contains('{{revision}}')",
        `${FIELD}.prometheus.query needs {{revision}}: without it stable's answers would be counted as the candidate's`,
      ],
      ["duration(self.interval) >= duration('5s')", `${FIELD}.interval must be at least 5s`],
    ),
  )
  .describe(
    "Bounds what users see of a candidate until gates.safety has passed: whatever the step, its weight is only as much as keeps its answers under the bound.",
  );

export const ExposureStatus = z
  .object({
    answers: z.int().min(0).meta({ format: "int64" }).describe("Answers that the candidate has served."),
    of: z
      .int()
      .min(1)
      .meta({ format: "int64" })
      .describe("How many it may have served before gates.safety has passed."),
    weight: z
      .string()
      .max(16)
      .exactOptional()
      .describe("Share of the requests that the route gives it under the bound."),
    asOf: z.string().meta({ format: "date-time" }).exactOptional().describe("When that was counted."),
    rate: z.string().max(32).exactOptional().describe("Requests a second that both arms answered then."),
    cursor: z
      .object({
        sequence: z.int().min(0).meta({ format: "int64" }).describe("Which count was the newest."),
        id: z.string().max(128).describe("The moment that it was about."),
      })
      .exactOptional()
      .describe("How far it was counted."),
    state: z
      .string()
      .max(256)
      .exactOptional()
      .describe("What is needed beside them to go on counting, in a form of its own; not for reading."),
  })
  .describe("How many answers the candidate has served, where spec.maxExposure bounds them.");
