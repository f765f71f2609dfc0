import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIVE_MS } from "../../../src/traffic/liveness.ts";
import {
  ALMOST_WHOLE,
  epochOf,
  type Goal,
  MOMENT_MS,
  nextMove,
  nextRouteMove,
  type Slots,
  stableAlone,
  WHOLE,
  weightOf,
} from "../../../src/traffic/slots.ts";

const LONG = 60_000;

function slots(first: [string, number], second: [string, number]): Slots {
  return [
    { revision: first[0], weight: first[1] },
    { revision: second[0], weight: second[1] },
  ];
}

/** Where no gateway can be asked. */
function stored(unchangedMs: number) {
  return { unchangedMs, liveInMs: Math.max(0, LIVE_MS - unchangedMs) };
}

/** Every version of the route on the way to a goal, waiting as told. */
function walk(from: Slots, goal: Goal): { versions: Slots[]; waits: number[] } {
  const versions = [from];
  const waits: number[] = [];
  let unchangedMs = 0;
  for (let turn = 0; turn < 30; turn++) {
    const current = versions.at(-1) ?? from;
    const move = nextMove(current, stored(unchangedMs), goal);
    if (move.type === "Arrived") return { versions, waits };
    if (move.type === "Wait") {
      const { ms = Number.NaN } = move;
      waits.push(ms);
      unchangedMs += ms;
    } else {
      versions.push(move.slots);
      unchangedMs = 0;
    }
  }
  throw new Error(`never arrived: ${JSON.stringify(versions)}`);
}

const enter = { stable: "a", guest: { revision: "b", weight: weightOf(10) } };

describe("the epoch of weights", () => {
  const ten = slots(["a", 900_000], ["b", 100_000]);

  it("is another one when a weight or a slot's arm is, and the same when they are", () => {
    const others = [
      slots(["a", 900_001], ["b", 99_999]),
      slots(["a", 900_000], ["c", 100_000]),
      slots(["b", 100_000], ["a", 900_000]),
    ];
    expect(new Set([ten, ...others].map((each) => epochOf(each))).size).toBe(4);
    expect(epochOf(slots(["a", 900_000], ["b", 100_000]))).toBe(epochOf(ten));
    expect(epochOf(ten)).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe("the next move of traffic", () => {
  it("lets a candidate in at one in a million, then to its step", () => {
    const { versions, waits } = walk(stableAlone("a"), enter);
    expect(versions).toEqual([
      slots(["a", WHOLE], ["a", 0]),
      slots(["a", WHOLE - 1], ["b", 1]),
      slots(["a", 900_000], ["b", 100_000]),
    ]);
    expect(waits).toEqual([LIVE_MS, LIVE_MS]);
  });

  it("takes a candidate's traffic at once, and the last trace of it a moment later", () => {
    const { versions, waits } = walk(slots(["a", 500_000], ["b", 500_000]), { stable: "a" });
    expect(versions.slice(1)).toEqual([
      slots(["a", WHOLE - 1], ["b", 1]),
      slots(["a", WHOLE], ["b", 0]),
      slots(["a", WHOLE], ["a", 0]),
    ]);
    expect(waits).toEqual([MOMENT_MS, LIVE_MS]);
  });

  it("retires the old stable in the same way, in the slot that it had", () => {
    const { versions } = walk(slots(["a", 1], ["b", ALMOST_WHOLE]), { stable: "b" });
    expect(versions.slice(1)).toEqual([slots(["a", 0], ["b", WHOLE]), slots(["b", 0], ["b", WHOLE])]);
  });

  it("gives the next candidate the slot that the last one left, a second after its weight became 0", () => {
    const left = slots(["a", WHOLE], ["b", 0]);
    const goal = { stable: "a", guest: { revision: "c", weight: weightOf(1) } };
    expect(nextMove(left, stored(LIVE_MS - 1), goal)).toEqual({ type: "Wait", ms: 1 });
    expect(nextMove(left, stored(LIVE_MS), goal)).toEqual({
      type: "Write",
      slots: slots(["a", WHOLE - 1], ["c", 1]),
      withdraws: false,
    });
  });

  it.each([
    ["into a slot at 0", slots(["a", WHOLE], ["b", 0]), enter, false],
    ["from one step to the next", slots(["a", 990_000], ["b", 10_000]), enter, false],
    ["down to a smaller step", slots(["a", 500_000], ["b", 500_000]), enter, false],
    ["out of the route", slots(["a", 500_000], ["b", 500_000]), { stable: "a" }, true],
    ["out of the route, the last trace", slots(["a", WHOLE - 1], ["b", 1]), { stable: "a" }, true],
    ["nowhere, when a slot is renamed", slots(["a", WHOLE], ["b", 0]), { stable: "a" }, false],
  ])("says whether it only withdraws an arm: %s", (_, from, goal, withdraws) => {
    expect(nextMove(from, stored(LONG), goal)).toMatchObject({ type: "Write", withdraws });
  });

  it("lets a candidate that was taken out in again by the same way", () => {
    const { versions } = walk(slots(["a", WHOLE], ["b", 0]), enter);
    expect(versions.slice(1)).toEqual([slots(["a", WHOLE - 1], ["b", 1]), slots(["a", 900_000], ["b", 100_000])]);
  });

  it("starts anew with stable alone when a stranger named neither arm", () => {
    expect(nextMove(slots(["x", 1], ["y", 1]), stored(LONG), { stable: "a" })).toMatchObject({
      slots: stableAlone("a"),
    });
  });

  it("gives stable what is missing when a stranger took it", () => {
    expect(nextMove(slots(["a", 7], ["a", 0]), stored(LONG), { stable: "a" })).toMatchObject({
      slots: stableAlone("a"),
    });
  });

  it.each([
    ["a slot is given to a candidate", slots(["a", WHOLE], ["a", 0])],
    ["a candidate gets more than a trace", slots(["a", WHOLE - 1], ["b", 1])],
    ["a slot is taken over", slots(["a", WHOLE], ["c", 0])],
  ])("waits for the gateway to answer with what stands, however long that takes, before %s", (_, from) => {
    expect(nextMove(from, { unchangedMs: LONG }, enter)).toEqual({ type: "Wait" });
    expect(nextMove(from, { unchangedMs: LONG, liveInMs: 0 }, enter)).toMatchObject({ type: "Write" });
  });

  it("leaves a backend its second at weight 0, however soon the gateway has answered", () => {
    const from = slots(["a", WHOLE], ["c", 0]);
    expect(nextMove(from, { unchangedMs: 300, liveInMs: 0 }, enter)).toEqual({ type: "Wait", ms: LIVE_MS - 300 });
  });

  it.each([
    ["a share", slots(["a", 500_000], ["b", 500_000]), 0],
    ["the last trace", slots(["a", WHOLE - 1], ["b", 1]), MOMENT_MS],
  ])("takes %s of traffic away whatever the gateway says", (_, from, unchangedMs) => {
    expect(nextMove(from, { unchangedMs }, { stable: "a" })).toMatchObject({ type: "Write", withdraws: true });
  });

  it("never crosses zero, never renames a slot with traffic, never leaves nobody serving, and always arrives", () => {
    const arm = fc.constantFrom("a", "b", "c");
    const weight = fc.constantFrom(1, weightOf(1), weightOf(50), weightOf(99), ALMOST_WHOLE);
    const start = fc.oneof(
      arm.map(stableAlone),
      fc.tuple(arm, arm, fc.oneof(weight, fc.constant(0)), fc.boolean()).map(([home, guest, share, flip]): Slots => {
        const pair = slots([home, WHOLE - share], [guest, share]);
        return flip ? [pair[1], pair[0]] : pair;
      }),
    );
    const goal = fc.tuple(arm, arm, fc.option(weight)).map(([stable, revision, share]): Goal => {
      return share === null || revision === stable ? { stable } : { stable, guest: { revision, weight: share } };
    });
    fc.assert(
      fc.property(start, goal, (from, to) => {
        fc.pre(from.some(({ revision, weight: share }) => revision === to.stable && share > 0));
        const { versions } = walk(from, to);
        for (const [i, next] of versions.slice(1).entries()) {
          const before = versions[i];
          if (before === undefined) throw new Error("no version before");
          expect(next[0].weight + next[1].weight).toBe(WHOLE);
          for (const place of [0, 1] as const) {
            const [was, is] = [before[place], next[place]];
            if (was.revision !== is.revision) expect(was.weight).toBe(0);
            const crossesZero = Math.min(was.weight, is.weight) === 0 && Math.max(was.weight, is.weight) > 1;
            expect(crossesZero && was.revision === is.revision).toBe(false);
          }
        }
      }),
    );
  });
});

describe("a route of several rules", () => {
  const now = { unchangedMs: 0, liveInMs: 0 };
  const later = { unchangedMs: LONG, liveInMs: 0 };
  const still = slots(["a", WHOLE], ["a", 0]);
  const shared = slots(["a", 500_000], ["b", 500_000]);
  const traced = slots(["a", WHOLE - 1], ["b", 1]);

  it("writes in one write what can be written now, and leaves the other rules as they are", () => {
    const goal = { stable: "a", guest: { revision: "b", weight: 100_000 } };
    const { rules } = nextRouteMove([shared, still], now, [goal, goal]);
    expect(rules).toEqual([slots(["a", 900_000], ["b", 100_000]), still]);
  });

  it("takes traffic from an arm in all of them at once", () => {
    const { rules, withdraws } = nextRouteMove([shared, slots(["a", 1], ["b", ALMOST_WHOLE])], now, [
      { stable: "a" },
      { stable: "a" },
    ]);
    expect(rules).toEqual([traced, traced]);
    expect(withdraws).toBe(true);
  });

  it("withdraws nothing, as long as another rule is written with what it was seen to have", () => {
    const rest = slots(["a", 1], ["b", ALMOST_WHOLE]);
    const stay = { stable: "a", guest: { revision: "b", weight: ALMOST_WHOLE } };
    expect(nextRouteMove([shared, rest], now, [{ stable: "a" }, stay])).toEqual({
      rules: [traced, rest],
      withdraws: false,
    });
  });

  it("withdraws nothing, for a write that gives something in one of them", () => {
    const enter = { stable: "a", guest: { revision: "b", weight: 500_000 } };
    expect(nextRouteMove([shared, traced], later, [{ stable: "a" }, enter]).withdraws).toBe(false);
  });

  it("begins a rule that is not there anew, and waits for the first that has to wait", () => {
    const leave = { stable: "a" };
    expect(nextRouteMove([still], later, [leave, leave])).toEqual({ rules: [still, still], withdraws: false });
    expect(
      nextRouteMove([traced, slots(["a", WHOLE], ["b", 0])], { ...now, unchangedMs: 50 }, [leave, leave]).waitMs,
    ).toBe(MOMENT_MS - 50);
  });
});
