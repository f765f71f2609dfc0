import { describe, expect, it } from "vitest";
import { differences } from "../../../src/runtime/covers.ts";

describe("what differs from what is wanted", () => {
  it.each<[string, unknown, unknown, readonly string[]]>([
    ["nothing, with defaults beside it", { a: 1, b: 2 }, { a: 1 }, []],
    ["a value", { spec: { a: 1 } }, { spec: { a: 2 } }, ["spec.a"]],
    ["a value in a list", { a: [{ n: 1 }, { n: 2 }] }, { a: [{ n: 1 }, { n: 3 }] }, ["a[1].n"]],
    ["how many there are", { a: [1] }, { a: [1, 2] }, ["a"]],
    ["what is absent", {}, { a: { b: 1 }, c: [] }, ["a"]],
    ["a key with a dot in it", { annotations: {} }, { annotations: { "x.y/z": "1" } }, ['annotations["x.y/z"]']],
    ["another shape", { a: [] }, { a: { b: 1 } }, ["a"]],
  ])("%s", (_, stands, wanted, paths) => {
    expect(differences(stands, wanted).map(({ path }) => path)).toEqual(paths);
  });
});
