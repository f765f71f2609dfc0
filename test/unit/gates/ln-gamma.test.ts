import { expect, test } from "vitest";
import { lnBeta, lnGamma } from "../../../src/gates/ln-gamma.ts";

test.each([
  { x: 0.5, value: 0.5723649429247001 },
  { x: 1, value: 0 },
  { x: 1.5, value: -0.1207822376352452 },
  { x: 2, value: 0 },
  { x: 10, value: 12.801827480081469 },
  { x: 10.5, value: 13.940625219403763 },
  { x: 101, value: 363.73937555556347 },
  { x: 1_000_001, value: 12_815_518.384658169 },
])("ln Γ($x) = $value", ({ x, value }) => {
  expect(Math.abs(lnGamma(x) - value)).toBeLessThan(4e-15 * Math.max(1, Math.abs(value)));
});

test("ln Γ equals the sum of logarithms at whole numbers", () => {
  let sum = 0;
  for (let n = 1; n <= 170; n++) {
    sum += Math.log(n);
    expect(lnGamma(n + 1)).toBeCloseTo(sum, 10);
  }
});

test("ln B(1/2, 1/2) = ln π", () => {
  expect(lnBeta(0.5, 0.5)).toBeCloseTo(Math.log(Math.PI), 14);
});
