import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findCondition, isTrue, setCondition, setConditions } from "../../../src/runtime/conditions.ts";

const earlier = new Date("2026-01-01T00:00:00.700Z");
const later = new Date("2026-01-02T00:00:00Z");
const ready = { type: "Ready", status: "False", reason: "Training", message: "Training runs." } as const;

describe("setCondition", () => {
  test("writes whole seconds, as metav1.Time", () => {
    expect(setCondition([], ready, earlier)).toEqual([{ ...ready, lastTransitionTime: "2026-01-01T00:00:00Z" }]);
  });

  test("keeps the transition time while the status stays, even when reason and message change", () => {
    const before = setCondition([], ready, earlier);
    const after = setCondition(before, { ...ready, reason: "Validating", observedGeneration: 2 }, later);
    expect(after).toEqual([
      { ...ready, reason: "Validating", observedGeneration: 2, lastTransitionTime: "2026-01-01T00:00:00Z" },
    ]);
  });

  test("moves the transition time with the status", () => {
    const after = setCondition(setCondition([], ready, earlier), { ...ready, status: "True" }, later);
    expect(findCondition(after, "Ready")?.lastTransitionTime).toBe("2026-01-02T00:00:00Z");
    expect(isTrue(after, "Ready")).toBe(true);
  });

  test("keeps places, has one condition a type and changes nothing else, whatever is set", () => {
    const condition = fc.record({
      type: fc.constantFrom("Ready", "Reconciling", "Stalled"),
      status: fc.constantFrom("True" as const, "False" as const, "Unknown" as const),
      reason: fc.constantFrom("A", "B"),
      message: fc.constant("Said."),
    });
    fc.assert(
      fc.property(fc.array(condition), condition, (list, next) => {
        const before = setConditions([], list, earlier);
        const after = setCondition(before, next, later);
        const order = [...new Set([...before.map(({ type }) => type), next.type])];
        expect(after.map(({ type }) => type)).toEqual(order);
        const isOther = ({ type }: { type: string }) => type !== next.type;
        expect(after.filter(isOther)).toEqual(before.filter(isOther));
      }),
    );
  });
});
