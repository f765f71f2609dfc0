import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Comparison } from "../../../../src/api/contracts/collector-api.ts";
import { PreferenceCanaryStatus } from "../../../../src/api/v1alpha1/preference-canary.ts";
import { NO_EVIDENCE } from "../../../../src/controllers/preferencecanary/evidence/evidence.ts";
import {
  cursorsOf,
  foldGates,
  type GateStatus,
  rememberedGates,
} from "../../../../src/controllers/preferencecanary/gates/gates.ts";
import type { Observed } from "../../../../src/controllers/preferencecanary/observed.ts";
import { canaryObject, canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const stable = "aaaaaaaaaa";
const candidate = { revision: "bbbbbbbbbb", state: "Running", sameModel: false } as const;
const at = "2026-01-01T00:00:00.000Z";

function canaryOf(cohorts: object) {
  return canaryObject(canarySpec({ gates: { winRate: {}, cohorts } }));
}

const asked = canaryOf({ names: ["en", "de", "fr"] });

/** "en1 de0.5 -0 en1!": the cohort of each and how it fell; "-" is none, "!" a second vote on its prompt. */
function votes(text: string, first = 1): Comparison[] {
  return text.split(" ").map((word, i) => {
    const [, cohort = "", outcome, second] = /^([a-z-]+)([\d.]+)(!?)$/.exec(word) ?? [];
    const rest = { at, unit: "0".repeat(64), raterVote: 1, labeler: "ann" };
    return {
      ...{ ...rest, sequence: first + i, id: `c${first + i}`, outcome: Number(outcome) as Comparison["outcome"] },
      ...{ vote: second ? 2 : 1, cohort: cohort === "-" ? null : cohort },
    };
  });
}

const repeated = (words: string, times: number) => Array<string>(times).fill(words).join(" ");

function fold(
  records: readonly Comparison[],
  previous: readonly GateStatus[] = [],
  { canary = asked } = {},
): GateStatus[] {
  const from = cursorsOf(canary.spec, candidate, previous).comparisons ?? null;
  const comparisons = { from, records, access: { type: "Readable" } } as const;
  const look = { now: new Date(at), silence: undefined };
  return foldGates(canary.spec, candidate, previous, { ...NO_EVIDENCE, comparisons }, look);
}

function gate(gates: readonly GateStatus[]): GateStatus {
  const found = gates.find(({ name }) => name === "cohorts");
  if (found === undefined) throw new Error("there is no gate cohorts");
  return found;
}

/** What a run goes on from, where the API server gives this back. */
function remembered(gates: readonly GateStatus[], { canary = asked } = {}): readonly GateStatus[] {
  const stored = PreferenceCanaryStatus.parse(JSON.parse(JSON.stringify({ gates })));
  const status = { ...stored, stable: { revision: stable }, candidate };
  const observed = { canary: { ...canary, status }, records: new Map() } as unknown as Observed;
  return rememberedGates(observed, { stable, candidate });
}

describe("the gate about cohorts", () => {
  it("passes when every cohort has its least number of bets and nothing speaks of harm", () => {
    const almost = fold(votes(repeated("en1 de1 fr1", 19)));
    expect(gate(almost)).toMatchObject({ verdict: "Undecided", samples: 57, sum: "57" });
    expect(gate(almost).message).toContain("to pass it needs 1 more comparison of de, 1 more comparison of en");
    expect(gate(fold(votes("en1 de1 fr1", 58), almost)).verdict).toBe("Pass");
  });

  it("fails for one harmed cohort though the average is good, and names it, also after a restart", () => {
    const failed = fold(votes(repeated("en1 fr0 de1", 60)));
    expect(gate(failed)).toMatchObject({ verdict: "Fail", message: expect.stringMatching(/^fr under 45%: /) });
    const later = fold(votes(repeated("fr1", 300), 181), remembered(failed));
    expect(gate(later)).toMatchObject({ verdict: "Fail", message: expect.stringMatching(/^fr under 45%: /) });
    expect(gate(later).failedAt).toEqual(gate(failed).failedAt);
  });

  it("bets on the vote of the unit that the canary names, and on no cohort that was not declared", () => {
    const told = gate(fold(votes("en1 en0! -0 it0 it0! de0.5")));
    expect(told).toMatchObject({ samples: 2, sum: "1.5", cursor: { sequence: 6 } });
    expect(told.message).toContain("2 comparisons of no declared cohort left out");
  });

  it("gives the same status in batches of any size, whatever is stored in between", () => {
    const word = fc.tuple(
      fc.constantFrom("en", "de", "fr", "it", "-"),
      fc.constantFrom("0", "0.5", "1"),
      fc.constantFrom("", "", "!"),
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 90 }), (words, size) => {
        const records = votes(words.map((parts) => parts.join("")).join(" "));
        let gates: readonly GateStatus[] = [];
        for (let from = 0; from < records.length; from += size)
          gates = fold(records.slice(from, from + size), remembered(gates));
        expect(gates).toEqual(fold(records));
      }),
      { numRuns: 40 },
    );
  });

  it("is about a set: the order of its names is not what it is asked for", () => {
    const before = fold(votes(repeated("en1 fr0 de1", 10)));
    const canary = canaryOf({ names: ["fr", "en", "de"] });
    const after = remembered(before, { canary });
    expect(gate(after)).toEqual(gate(before));
    expect(gate(fold(votes(repeated("fr0", 50), 31), after, { canary })).message).toMatch(/^fr under/);
    const more = remembered(before, { canary: canaryOf({ names: ["fr", "en", "de", "it"] }) });
    expect(gate(more)).toMatchObject({ samples: 0, changedFrom: expect.stringContaining("names de en fr") });
  });

  it("fits its fields, however many cohorts there are and however much was folded", () => {
    const names = Array.from({ length: 20 }, (_, i) => `${String.fromCharCode(97 + i)}`.repeat(63));
    const canary = canaryOf({ names });
    const all = names.map((name) => `${name}0.5`).join(" ");
    expect(() => remembered(fold(votes(repeated(all, 50)), [], { canary }), { canary })).not.toThrow();
    expect(() =>
      remembered(fold(votes(repeated(all.replaceAll("0.5", "0"), 50)), [], { canary }), { canary }),
    ).not.toThrow();
  });
});

describe("what the gate remembers", () => {
  const records = votes(repeated("en1 de0.5 fr0", 8));
  const gates = fold(records);

  it.each([
    ["no JSON", "[1,"],
    ["another version's", "[2,0,[[1,1],[1,1],[1,1]],[]]"],
    ["of other cohorts", "[1,0,[[1,1],[1,1]],[]]"],
  ])("is folded anew where it is %s", (_, state) => {
    const previous = remembered(gates.map((each) => (each.name === "cohorts" ? { ...each, state } : each)));
    expect(cursorsOf(asked.spec, candidate, previous).comparisons).toBeNull();
    expect(fold(records, previous)).toEqual(gates);
  });
});

it("a canary takes a candidate back that harms one cohort, before its average could promote it", () => {
  const world = new CanaryWorld(
    canarySpec({
      steps: [{ name: "half", weight: 50, minDuration: "1h" }],
      gates: { winRate: {}, cohorts: { names: ["en", "fr"], minSamples: 30 } },
    }),
  );
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(500);
  world.vote(Array<1>(200).fill(1), "en");
  world.settle(1_000);
  expect(world.status.gates).toMatchObject([{ verdict: "Pass" }, { name: "cohorts", verdict: "Undecided" }]);
  world.vote(Array<0>(40).fill(0), "fr");
  world.settle();
  expect(world.status.phase).toBe("RolledBack");
  expect(world.status.lastRun?.message).toMatch(/^cohorts: fr under 45%/);
});

it("a revision that was rejected for one cohort is judged by what comes after the retry", () => {
  const world = new CanaryWorld(
    canarySpec({
      steps: [{ name: "half", weight: 50, minDuration: "10m" }],
      gates: { winRate: {}, cohorts: { names: ["en", "fr"] } },
    }),
  );
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(500);
  for (let i = 0; i < 30; i++) {
    world.vote([1, 1, 1], "en");
    world.vote([0], "fr");
  }
  world.settle();
  const { revision = "" } = world.status.lastRun ?? {};
  expect(world.status.phase).toBe("RolledBack");
  world.clock.pause(60_000);
  world.annotate({ "dpo.dev/retry": revision });
  world.settle(30_000);
  expect(world.status).toMatchObject({
    candidate: { revision },
    gates: [{}, { name: "cohorts", verdict: "Undecided" }],
  });
  for (const cohort of ["en", "fr"]) world.vote(Array<1>(30).fill(1), cohort);
  world.settle();
  world.later(20 * 60_000);
  expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision } });
});
