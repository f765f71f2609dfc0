import fc from "fast-check";
import { expect, test } from "vitest";
import { frozen } from "../../../src/kube/shared-values.ts";

function deploymentOf(name: string) {
  return JSON.parse(
    JSON.stringify({
      metadata: { name, labels: { app: "assistant" } },
      spec: { securityContext: { runAsNonRoot: true, capabilities: { drop: ["ALL"] } }, args: [`--name=${name}`] },
      note: "x".repeat(300),
    }),
  );
}

test("what is alike in two objects is one thing, and what is not is its own", () => {
  const [red, blue] = [frozen(deploymentOf("red")), frozen(deploymentOf("blue"))];
  expect(red.spec.securityContext).toBe(blue.spec.securityContext);
  expect(red.metadata.labels).toBe(blue.metadata.labels);
  expect(red.spec.args).toEqual(["--name=red"]);
  expect(blue.spec.args).toEqual(["--name=blue"]);
  expect(red).toEqual(deploymentOf("red"));
  expect(blue).toEqual(deploymentOf("blue"));
});

test("whatever it is, it says afterwards what it said before, and cannot be changed", () => {
  // Few keys and values, so that much is alike or nearly so.
  const key = fc.constantFrom("a", "b", 'a":1,"b', "__proto__x", "0");
  const leaf = fc.constantFrom<unknown>(1, "1", null, "null", true, "true", "", "[]", "{}");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 5 }), (value) => {
      const text = JSON.stringify(value);
      const settled = frozen(value);
      expect(JSON.stringify(settled)).toBe(text);
      expect(isFrozen(settled)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

function isFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
}

test("things that JSON does not have are left as they are", () => {
  const [first, second] = [new Date(1), new Date(2)];
  const { at } = frozen({ at: [first, second] });
  expect(at).toEqual([new Date(1), new Date(2)]);
});

test("what was forgotten is there once more, and right", () => {
  const early = frozen([{ name: "early" }]);
  for (let index = 0; index < 50_000; index++) frozen([{ name: `${index}` }]);
  expect(frozen([{ name: "early" }])).toEqual(early);
});
