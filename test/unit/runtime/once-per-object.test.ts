import { expect, it } from "vitest";
import { oncePerObject } from "../../../src/runtime/once-per-object.ts";

it("makes of an object what it makes of it once, also where that is nothing", () => {
  const seen: string[] = [];
  const upper = oncePerObject(({ name }: { name: string }) => {
    seen.push(name);
    return name === "" ? undefined : name.toUpperCase();
  });
  const [one, other, empty] = [{ name: "a" }, { name: "a" }, { name: "" }];
  expect([one, one, other, empty, empty].map(upper)).toEqual(["A", "A", "A", undefined, undefined]);
  expect(seen).toEqual(["a", "a", ""]);
});
