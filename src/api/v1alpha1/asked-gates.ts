import * as z from "zod";
import { objectName, rules } from "./object.ts";
import { decimal, duration, percent } from "./quantity.ts";

/** Gates whose evidence the operator asks other systems for. Which ones there are is in the manager's configuration. */

/** What a query may leave open. The values are names, in which nothing has a meaning in PromQL. */
export const OPEN_NAMES = ["namespace", "canary", "revision", "stable"] as const;
export type OpenName = (typeof OPEN_NAMES)[number];

/** A text of CEL: the query without the placeholders that there are. */
const withoutPlaceholders = OPEN_NAMES.reduce((text, name) => `${text}.replace('{{${name}}}', '')`, "self.query");

export const PrometheusQuery = z
  .object({
    server: objectName("A Prometheus that the manager's configuration names.").default("default"),
    query: z
      .string()
      .min(1)
      .max(1024)
      .describe(
        "A PromQL query with one value. {{namespace}}, {{canary}}, {{revision}} (that of the candidate, or of whom it is asked about) and {{stable}} stand for these names.",
      ),
  })
  .meta(
    rules([
      `!${withoutPlaceholders}.contains('{{')`,
      `prometheus.query: the placeholders are ${OPEN_NAMES.map((name) => `{{${name}}}`).join(", ")}, written without blanks`,
    ]),
  );

const METRIC = "gates.metrics[]";

export const MetricGate = z
  .object({
    name: objectName("Name of the metric; status and Events call the gate metrics/<name>.", 40),
    prometheus: PrometheusQuery.describe("Where its samples come from."),
    against: z
      .enum(["Bound", "Stable"])
      .default("Bound")
      .describe(
        "What min and max are. Bound: values of the query. Stable: multiples of the query's value for stable's revision, which is asked for at the same moment.",
      ),
    min: decimal("A sample under it is a breach.").exactOptional(),
    max: decimal("A sample over it is a breach.").exactOptional(),
    interval: duration(
      "Time between two samples, 5s at least. Where it is shorter than what the query looks back over, samples share their data and the error rate is not what it says.",
    ).default("1m"),
    maxBreaches: percent(
      "Share of the samples that may be breaches. A candidate at or under it is rolled back with at most the probability falseRollback.",
    ).default("10%"),
    minSamples: z
      .int()
      .min(1)
      .max(1_000_000)
      .meta({ format: "int32" })
      .default(10)
      .describe("Samples before the gate can pass."),
    falseRollback: percent(
      "Probability of rolling back a candidate with breaches in at most maxBreaches of its samples, however often the gate is looked at.",
    ).default("5%"),
  })
  .meta(
    rules(
      ["has(self.min) || has(self.max)", `${METRIC} needs min or max, or nothing would be a breach`],
      [
        "!has(self.min) || !has(self.max) || double(self.min) <= double(self.max)",
        `${METRIC}.min must not be over ${METRIC}.max, or every sample would be a breach`,
      ],
      [
        "self.against != 'Stable' || self.prometheus.query.contains('{{revision}}')",
        `${METRIC} against Stable needs {{revision}} in its query: without it the same would be asked of both`,
      ],
      ["duration(self.interval) >= duration('5s')", `${METRIC}.interval must be at least 5s`],
      [
        "double(self.maxBreaches.replace('%', '')) > 0.0 && double(self.maxBreaches.replace('%', '')) < 100.0",
        `${METRIC}.maxBreaches must be over 0% and under 100%: that no sample ever is a breach cannot be tested`,
      ],
      [
        "double(self.falseRollback.replace('%', '')) > 0.0 && double(self.falseRollback.replace('%', '')) <= 50.0",
        `${METRIC}.falseRollback must be over 0% and at most 50%: no number of samples gives certainty`,
      ],
    ),
  )
  .describe(
    "Does a metric of the candidate break its bound too often? A pass says that minSamples gave no evidence of more breaches than maxBreaches.",
  );

export const WebhookGate = z
  .object({
    endpoint: objectName("A webhook that the manager's configuration names."),
    interval: duration("Time between two questions, 5s at least. An answer holds until the next one.").default("5m"),
  })
  .meta(rules(["duration(self.interval) >= duration('5s')", "gates.webhook.interval must be at least 5s"]))
  .describe(
    "What does another system say of the candidate? It is asked again and again: its Fail is final, its Pass holds until the next answer.",
  );
