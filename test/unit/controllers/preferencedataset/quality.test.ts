import { expect, test } from "vitest";
import { measurements } from "../../../../src/controllers/preferencedataset/measurements.ts";
import { meetsQuality } from "../../../../src/controllers/preferencedataset/quality.ts";
import { preferenceDataset, profileResult } from "../../../builders/preference-dataset.ts";

const base = profileResult();
const quality = (spec: object) => preferenceDataset({ quality: spec }).spec.quality;
const withQuality = (overrides: object) => profileResult({ quality: { ...base.quality, ...overrides } });

test.each([
  ["enough pairs and nothing else asked", quality({ minPairs: 1200 }), base, "QualityMet"],
  ["one pair too few", quality({ minPairs: 1201 }), base, "TooFewPairs"],
  ["agreement above its minimum", quality({ agreement: { min: "0.7" } }), base, "QualityMet"],
  ["agreement below its minimum", quality({ agreement: { min: "0.75" } }), base, "LabelersDisagree"],
  ["agreement that nobody can know", quality({ agreement: {} }), withQuality({ agreement: null }), "AgreementUnknown"],
  ["labels younger than allowed", quality({ freshness: { maxMedianAge: "2h" } }), base, "QualityMet"],
  ["labels older than allowed", quality({ freshness: { maxMedianAge: "1h59m" } }), base, "TooOld"],
  ["labels without a date", quality({ freshness: {} }), withQuality({ medianAgeSeconds: null }), "AgeUnknown"],
])("%s", (_name, spec, result, reason) => {
  const verdict = meetsQuality(spec, result.pairs, measurements(result));
  expect(verdict.reason).toBe(reason);
  expect(verdict.met).toBe(reason === "QualityMet");
});
