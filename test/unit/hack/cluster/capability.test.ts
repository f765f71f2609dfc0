import { expect, test } from "vitest";
import { lacksSysResource } from "../../../../hack/cluster/capability.ts";

test("reads the bounding set", () => {
  expect(lacksSysResource("Name:\tnode\nCapBnd:\t000001ffffffffff\n")).toBe(false);
  expect(lacksSysResource("Name:\tnode\nCapBnd:\t000001fffeffffff\n")).toBe(true);
});

test("says what is wrong where there is none", () => {
  expect(() => lacksSysResource("Name:\tnode\n")).toThrow(/is \/proc mounted/);
});
