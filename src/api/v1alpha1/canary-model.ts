import * as z from "zod";
import { ModelReference } from "./dpo-job.ts";
import { mapList, objectName, rules } from "./object.ts";
import { duration } from "./quantity.ts";

const Contender = z.object({
  name: objectName("What people call it."),
  uri: ModelReference.shape.uri,
  digest: ModelReference.shape.digest,
});

export const CanaryModel = z
  .object({
    fromJobs: z
      .object({})
      .exactOptional()
      .describe("The newest validated DPOJob labelled dpo.dev/publish-to: <this canary>."),
    uri: ModelReference.shape.uri.exactOptional(),
    digest: ModelReference.shape.digest.exactOptional(),
    candidates: mapList(Contender, "name", 4, 2)
      .meta(
        rules([
          "self.all(one, self.exists_one(other, other.digest == one.digest))",
          "model.candidates: each needs a digest of its own, or the same model would be compared twice",
        ]),
      )
      .exactOptional()
      .describe("Several models, of which spec.selection chooses one. That one alone goes through the steps."),
  })
  .prefault({})
  .describe("The model wanted. A new one starts a run. Not set with serving.external, whose arms name theirs.");

export const Selection = z
  .object({
    minShare: z
      .int()
      .min(0)
      .max(25)
      .meta({ format: "int32" })
      .default(10)
      .describe(
        "Percent of the comparisons that every contender gets at least. The rest is given by Thompson sampling: to each as likely as it is the best by what is known so far.",
      ),
    deadline: duration(
      "How long the choice may take from when the first contender's pods are wanted; without it until one passes gates.winRate. Then the best of those that are left is chosen.",
    )
      .meta(rules(["duration(self) > duration('0s')", "selection.deadline must be over 0s: nothing is known by then"]))
      .exactOptional(),
  })
  .describe(
    "How one of model.candidates is chosen: each has an arm that serves no user and is compared with stable, at gates.winRate.falsePromotion and falseRollback divided by their number.",
  );
