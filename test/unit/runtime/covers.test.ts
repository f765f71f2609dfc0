import { describe, expect, it } from "vitest";
import { covers } from "../../../src/runtime/covers.ts";

describe("whether what is wanted stands", () => {
  it.each([
    ["the same", { a: 1 }, { a: 1 }, true],
    ["a default of the API server beside it", { a: 1, protocol: "TCP" }, { a: 1 }, true],
    ["another value", { a: 1 }, { a: 2 }, false],
    ["a missing field", {}, { a: 1 }, false],
    ["nothing said about a field", { a: 1 }, { a: undefined }, true],
    ["an empty list where none is stored", {}, { a: [] }, true],
    ["an empty object where none is stored", {}, { a: {} }, true],
    ["an item more", { a: [1, 2] }, { a: [1] }, false],
    ["an item less", { a: [1] }, { a: [1, 2] }, false],
    ["items in another order", { a: [1, 2] }, { a: [2, 1] }, false],
    ["items with defaults", { a: [{ n: "x", p: 1 }] }, { a: [{ n: "x" }] }, true],
    ["nothing where nothing is wanted", {}, { a: null }, true],
    ["something where nothing is wanted", { a: 1 }, { a: null }, false],
    ["a list where an object is wanted", { a: [] }, { a: { b: 1 } }, false],
  ])("%s", (_, stands, wanted, expected) => {
    expect(covers(stands, wanted)).toBe(expected);
  });
});
