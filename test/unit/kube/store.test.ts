import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyOf, keyString, type Stored } from "../../../src/kube/object.ts";
import { compareResourceVersions } from "../../../src/kube/resource-version.ts";
import { createStore, type StoreEvent } from "../../../src/kube/store.ts";
import { object } from "./objects.ts";

describe("resource versions", () => {
  test.each([
    ["9", "10", -1],
    ["10", "9", 1],
    ["7", "7", 0],
    ["9007199254740993", "9007199254740992", 1],
    ["opaque", "9", 0],
    ["0", "9", 0],
  ])("%s against %s", (a, b, sign) => {
    expect(Math.sign(compareResourceVersions(a, b))).toBe(sign);
  });
});

describe("a store", () => {
  test("ignores a version older than the one it holds, and the same one again", () => {
    const store = createStore();
    store.put(object("a", { version: 9 }));
    expect(store.put(object("a", { version: 5 }))).toEqual([]);
    expect(store.put(object("a", { version: 9 }))).toEqual([]);
    expect(store.get({ namespace: "ns", name: "a" })?.metadata.resourceVersion).toBe("9");
  });

  test("says of another object of the same name that the old one is gone and a new one there", () => {
    const store = createStore();
    const first = object("a", { uid: "1", version: 1 });
    const second = object("a", { uid: "2", version: 2 });
    store.put(first);
    expect(store.put(second)).toEqual([
      { type: "Deleted", object: first, finalStateUnknown: true },
      { type: "Added", object: second },
    ]);
  });

  test("a late deletion of an older object of the same name leaves the new one", () => {
    const store = createStore();
    store.put(object("a", { uid: "2", version: 20 }));
    expect(store.remove(object("a", { uid: "1", version: 10 }))).toEqual([]);
    expect(store.list()).toHaveLength(1);
  });

  test("says of what a list leaves out that it is gone, its final state unknown", () => {
    const store = createStore();
    const [a, b] = [object("a", { version: 1 }), object("b", { version: 2 })];
    store.replace([a, b], "2");
    expect(store.replace([b], "9")).toEqual([{ type: "Deleted", object: a, finalStateUnknown: true }]);
    expect(store.resourceVersion).toBe("9");
  });

  test("holds frozen objects: who writes into a shared one learns it", () => {
    const store = createStore();
    store.put(object("a", { labels: { x: "1" } }));
    const labels = store.list()[0]?.metadata.labels as Record<string, string>;
    expect(() => Object.assign(labels, { x: "2" })).toThrow(TypeError);
  });

  test("indexes always agree with a scan", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), fc.nat(40), (operations, asked) => {
        const store = createStore();
        for (const [number, { put, object }] of operations.entries()) {
          // From here on there are indexes that every change has to follow.
          if (number === asked) void [store.list("ns"), store.ownedBy("o"), store.labelled("x", "1", "ns")];
          put ? store.put(object) : store.remove(object);
        }
        const all = store.list();
        for (const ns of ["ns", "other"]) {
          expect(keys(store.list(ns))).toEqual(keys(all.filter(({ metadata }) => metadata.namespace === ns)));
        }
        expect(keys(store.ownedBy("o"))).toEqual(
          keys(all.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === "o"))),
        );
        expect(keys(store.labelled("x", "1", "ns"))).toEqual(
          keys(all.filter(({ metadata }) => metadata.labels?.x === "1" && metadata.namespace === "ns")),
        );
      }),
    );
  });

  test("its events alone rebuild it, and no object ever goes back", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const store = createStore();
        const mirror = new Map<string, Stored>();
        for (const { put, object } of operations) {
          for (const event of put ? store.put(object) : store.remove(object)) follow(mirror, event);
        }
        expect([...mirror.values()].sort(byKey)).toEqual(store.list().sort(byKey));
      }),
    );
  });
});

const operation = fc
  .record({
    put: fc.boolean(),
    name: fc.constantFrom("a", "b"),
    namespace: fc.constantFrom("ns", "other"),
    uid: fc.constantFrom("1", "2"),
    version: fc.integer({ min: 1, max: 30 }),
    labelled: fc.boolean(),
    owned: fc.boolean(),
  })
  .map(({ put, name, namespace, uid, version, labelled, owned }) => ({
    put,
    object: object(name, {
      namespace,
      uid,
      version,
      labels: labelled ? { x: "1" } : {},
      ownerReferences: owned ? [{ apiVersion: "v1", kind: "Owner", name: "o", uid: "o" }] : [],
    }),
  }));

function follow(mirror: Map<string, Stored>, event: StoreEvent<Stored>): void {
  const key = keyString(keyOf(event.object));
  const held = mirror.get(key);
  if (event.type === "Added") {
    expect(held).toBeUndefined();
    mirror.set(key, event.object);
  } else if (event.type === "Updated") {
    expect(held).toBe(event.old);
    expect(Number(event.object.metadata.resourceVersion)).toBeGreaterThan(Number(event.old.metadata.resourceVersion));
    mirror.set(key, event.object);
  } else {
    expect(held?.metadata.uid).toBe(event.object.metadata.uid);
    mirror.delete(key);
  }
}

function keys(objects: readonly Stored[]): string[] {
  return objects.map((each) => keyString(keyOf(each))).sort();
}

function byKey(a: Stored, b: Stored): number {
  return keyString(keyOf(a)).localeCompare(keyString(keyOf(b)));
}
