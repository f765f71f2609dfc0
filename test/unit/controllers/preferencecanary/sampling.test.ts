import { expect, it } from "vitest";
import { mirrorPercent, sampling } from "../../../../src/controllers/preferencecanary/evidence/sampling.ts";
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
    expect(sampling(comparisons).shares).toEqual(kept);
  },
);

it("mirrors what stable is asked for how sure it is beside the rest, and none of it twice", () => {
  const comparisons = { percent: 5, cohorts: [{ name: "fr", percent: 30 }], uncertain: { percent: 10, keep: 20 } };
  expect(mirrorPercent(comparisons)).toBe(40);
  expect(sampling(comparisons)).toEqual({
    shares: { others: 0.125, cohorts: { fr: 0.75 } },
    uncertain: { share: 0.25, keep: 0.2 },
  });
});

it("is what the route mirrors", () => {
  const comparisons = { dataset: { name: "support" }, percent: 5, cohorts: [{ name: "fr", percent: 50 }] };
  const world = new CanaryWorld(canarySpec({ evidence: { comparisons } }));
  world.workload();
  world.settle();
  expect(world.route?.spec.rules?.[0]?.filters).toMatchObject([
    { type: "RequestMirror", requestMirror: { percent: 50 } },
  ]);
});
