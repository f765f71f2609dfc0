import { expect, it } from "vitest";
import { mirrorPercent, shares } from "../../../../src/controllers/preferencecanary/evidence/sampling.ts";
import { canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

it.each([
  ["no cohort is named", { percent: 5 }, 5, { others: 1, cohorts: {} }],
  [
    "one is to be compared more often",
    { percent: 5, cohorts: [{ name: "fr", percent: 50 }] },
    50,
    { others: 0.1, cohorts: { fr: 1 } },
  ],
  [
    "one is to be compared less often",
    { percent: 20, cohorts: [{ name: "en", percent: 5 }] },
    20,
    { others: 1, cohorts: { en: 0.25 } },
  ],
  [
    "one is not to be compared at all",
    { percent: 20, cohorts: [{ name: "load-test", percent: 0 }] },
    20,
    { others: 1, cohorts: { "load-test": 0 } },
  ],
])(
  "where %s, as much is mirrored as the most compared has, and each keeps its part of the live requests",
  (_, comparisons, mirrored, kept) => {
    expect(mirrorPercent(comparisons)).toBe(mirrored);
    expect(shares(comparisons)).toEqual(kept);
  },
);

it("is what the route mirrors", () => {
  const comparisons = { dataset: { name: "support" }, percent: 5, cohorts: [{ name: "fr", percent: 50 }] };
  const world = new CanaryWorld(canarySpec({ evidence: { comparisons } }));
  world.workload();
  world.settle();
  expect(world.route?.spec.rules?.[0]?.filters).toMatchObject([
    { type: "RequestMirror", requestMirror: { percent: 50 } },
  ]);
});
