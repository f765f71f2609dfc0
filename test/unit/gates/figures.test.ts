import { expect, test } from "vitest";
import { formatEvidence, formatInterval } from "../../../src/gates/figures.ts";

test.each([
  [Number.NEGATIVE_INFINITY, "under 0.01"],
  [0, "1"],
  [Math.log(0.129), "0.12"],
  [Math.log(19.99), "19.9"],
  [Math.log(250.7), "250"],
  [5000, "over 1000"],
])("evidence of e^%d reads %s, never rounded up", (log, text) => {
  expect(formatEvidence(log)).toBe(text);
});

test.each([
  [{ low: 0.6213, high: 0.7188 }, "62.1-71.9%"],
  [{ low: 0.55, high: 0.741 }, "55-75%"],
  [{ low: 0, high: 0.00432 }, "0-0.44%"],
  [{ low: 0, high: 1 }, "0-100%"],
])("the interval %o reads %s, rounded outwards", (interval, text) => {
  expect(formatInterval(interval)).toBe(text);
});
