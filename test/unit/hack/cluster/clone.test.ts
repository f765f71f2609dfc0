import { expect, test } from "vitest";
import { cloneAt } from "../../../../hack/cluster/clone.ts";

test("two clones share no name, and one keeps its own", () => {
  const [one, other] = [cloneAt("/home/a/dpo-operator"), cloneAt("/home/b/dpo-operator")];
  expect(one.cluster).not.toBe(other.cluster);
  expect(one.network).not.toBe(other.network);
  expect(cloneAt(one.root)).toEqual(one);
});

test("a cluster's name is one that kind takes", () => {
  expect(cloneAt("/srv/x").cluster).toMatch(/^[a-z][a-z0-9-]{1,20}$/);
});
