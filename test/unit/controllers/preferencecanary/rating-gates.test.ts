import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RatingRecord } from "../../../../src/api/contracts/collector-api.ts";
import { PreferenceCanaryStatus } from "../../../../src/api/v1alpha1/preference-canary.ts";
import { type Access, NO_EVIDENCE } from "../../../../src/controllers/preferencecanary/evidence/evidence.ts";
import {
  cursorsOf,
  foldGates,
  type GateStatus,
  rememberedGates,
} from "../../../../src/controllers/preferencecanary/gates/gates.ts";
import type { Observed } from "../../../../src/controllers/preferencecanary/observed.ts";
import { canaryObject, canarySpec } from "../../../builders/canary.ts";

const RATED = { comparisons: { dataset: { name: "support" } }, ratings: {} };
const stable = "aaaaaaaaaa";
const at = new Date("2026-01-01T00:00:00.000Z");
const firstServed = at.toISOString();
const candidate = { revision: "bbbbbbbbbb", state: "Running", sameModel: false, firstServed } as const;
const served = { now: at, silence: { since: at, served: at, bothServed: at, limitMs: 3_600_000 } };
const readable: Access = { type: "Readable" };

function canaryOf(gates: object) {
  return canaryObject(canarySpec({ evidence: RATED, gates: { winRate: {}, ...gates } }));
}

const both = canaryOf({ compliance: {}, regression: {} });

/** "c1 s0.5 c0!": of the candidate and of stable, each by somebody else; "!" is somebody's second one. */
function ratings(text: string, first = 1): RatingRecord[] {
  return text.split(" ").map((word, i) => ({
    sequence: first + i,
    id: `r${first + i}`,
    at: new Date(at.getTime() + i * 1000).toISOString(),
    revision: word.startsWith("c") ? candidate.revision : stable,
    outcome: Number.parseFloat(word.slice(1)),
    unit: "0".repeat(64),
    vote: word.endsWith("!") ? 2 : 1,
  }));
}

const repeated = (words: string, times: number) => Array<string>(times).fill(words).join(" ");

interface Asked {
  readonly previous?: readonly GateStatus[];
  readonly canary?: typeof both;
  readonly access?: Access;
  readonly from?: null;
  readonly look?: Parameters<typeof foldGates>[4];
}

function fold(records: readonly RatingRecord[], asked: Asked = {}): GateStatus[] {
  const { previous = [], canary = both, access = readable, look = served } = asked;
  const { ratings: from = null } = "from" in asked ? { ratings: null } : cursorsOf(canary.spec, candidate, previous);
  const evidence = { ...NO_EVIDENCE, ratings: { from, records, access } };
  return foldGates(canary.spec, candidate, previous, evidence, look);
}

function gate(gates: readonly GateStatus[], name: "compliance" | "regression"): GateStatus {
  const found = gates.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no gate ${name}`);
  return found;
}

/** What a run goes on from, where status has these gates. */
function remembered(gates: readonly GateStatus[], { canary = both } = {}): readonly GateStatus[] {
  const known = { stable: { revision: stable }, gates, candidate };
  const observed = { canary: { ...canary, status: known } } as unknown as Observed;
  return rememberedGates(observed, { stable, candidate });
}

/** As the API server gives it back. */
function stored(gates: readonly GateStatus[]): readonly GateStatus[] {
  return PreferenceCanaryStatus.parse(JSON.parse(JSON.stringify({ gates }))).gates ?? [];
}

describe("the gates about ratings", () => {
  it("give the same status in batches of any size, whatever is stored in between", () => {
    const word = fc.tuple(fc.constantFrom("c", "s"), fc.constantFrom("0", "1", "0.3"), fc.constantFrom("", "!"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 90 }), (words, size) => {
        const records = ratings(words.map((parts) => parts.join("")).join(" "));
        let gates: readonly GateStatus[] = [];
        for (let from = 0; from < records.length; from += size)
          gates = fold(records.slice(from, from + size), { previous: remembered(stored(gates)) });
        expect(gates).toEqual(fold(records));
      }),
      { numRuns: 40 },
    );
  });

  it("count the first rating of each rater: the candidate's for compliance, of both arms in pairs for regression", () => {
    const gates = fold(ratings("s1 c1 s0 c1! c0.5 s0! c0"));
    expect(gate(gates, "compliance")).toMatchObject({ samples: 3, sum: "1.5", cursor: { sequence: 7 } });
    // c1 with s1, then c0.5 with s0; c0 waits for stable's next.
    expect(gate(gates, "regression")).toMatchObject({ samples: 2, sum: "0.5", cursor: { sequence: 7 } });
    expect(gate(gates, "regression").message).toContain(
      "over 2 pairs of ratings the candidate is 25 points over stable",
    );
  });

  it("say when their newest piece of evidence came, and not when stable alone was rated", () => {
    const gates = fold(ratings("s1 c1 s1 s0 c1!"));
    const second = "2026-01-01T00:00:01.000Z";
    expect([gate(gates, "compliance").lastSampleTime, gate(gates, "regression").lastSampleTime]).toEqual([
      second,
      second,
    ]);
  });

  it.each([
    ["compliance", "c0", "Fail"],
    ["compliance", "c1", "Pass"],
    ["regression", "c0 s1", "Fail"],
    ["regression", "c1 s0", "Pass"],
  ] as const)("%s decides: many of %s are a %s", (name, words, verdict) => {
    const decided = gate(fold(ratings(repeated(words, 100))), name);
    expect(decided.verdict).toBe(verdict);
    expect(verdict === "Fail" ? decided.failedAt : decided.passedAt).toMatchObject({ sequence: expect.any(Number) });
  });

  it("speak of ratings, with the numbers in the form of the API", () => {
    const gates = fold(ratings("c1 c1 s1 c0 s1"));
    expect(gate(gates, "compliance").message).toMatch(/^66\.7% of 3 ratings approved of the answer/);
    expect(gate(gates, "regression")).toMatchObject({ estimate: "-50%", interval: ["-100%", "100%"] });
    expect(() => stored(gates)).not.toThrow();
  });

  it("have no verdict before the candidate serves anybody, whatever is said of it", () => {
    const early = { now: at, silence: { since: at, limitMs: 1 } };
    const told = fold(ratings(repeated("c0 s1", 100)), { look: early });
    expect(told).toMatchObject([{}, { verdict: "Undecided" }, { verdict: "Undecided" }]);
    expect(gate(told, "compliance").message).toMatch(/^the candidate serves no users yet; /);
    const down: Access = { type: "Unreadable", problem: "refused" };
    expect(gate(fold([], { look: early, access: down }), "compliance").verdict).toBe("NoData");
    expect(fold([], { previous: told })).toMatchObject([{}, { verdict: "Fail" }, { verdict: "Fail" }]);
  });
});

describe("a stream that two gates read", () => {
  const compliance = canaryOf({ compliance: {} });
  const records = ratings("c1 s1 c0 s1 c1 s0");

  it("is asked for from the gate on that is farthest behind", () => {
    const gates = fold(records);
    const behind = gates.map((each) =>
      each.name === "regression" ? { ...each, cursor: { sequence: 2, id: "r2" } } : each,
    );
    const from = (known: readonly GateStatus[], { spec } = both) => cursorsOf(spec, candidate, known);
    expect(from(gates).ratings).toEqual({ sequence: 6, id: "r6" });
    expect(from(behind).ratings).toEqual({ sequence: 2, id: "r2" });
    expect(from(remembered([])).ratings).toBeNull();
    expect(from([], canaryOf({}))).toEqual({ comparisons: null });
  });

  it("is folded anew where it begins at another time, as where nobody knew when, and keeps a Fail", () => {
    const failed = fold(ratings(repeated("c0 s1", 100)));
    const later = { ...candidate, firstServed: new Date(at.getTime() + 5_000).toISOString() };
    const { firstServed: _, ...unknown } = candidate;
    const told = [failed, foldGates(both.spec, unknown, failed, NO_EVIDENCE, served)];
    for (const [index, judged] of [later, candidate].entries()) {
      const status = { stable: { revision: stable }, gates: told[index], candidate };
      const observed = { canary: { ...both, status } } as unknown as Observed;
      const again = rememberedGates(observed, { stable, candidate: judged });
      expect(cursorsOf(both.spec, judged, again).ratings).toBeNull();
      expect(again).toMatchObject([{}, { samples: 0, failedAt: {} }, { samples: 0, failedAt: {} }]);
      expect(again.map(({ changedFrom }) => changedFrom)).toEqual([undefined, undefined, undefined]);
    }
    expect(remembered(failed)).toMatchObject([{}, { samples: 100, since: firstServed }, { samples: 100 }]);
  });

  it("is not asked for before the candidate is given requests", () => {
    const { firstServed: _, ...shadow } = candidate;
    expect(cursorsOf(both.spec, shadow, remembered([]))).toEqual({ comparisons: null });
  });

  it("is not folded twice by the one that is ahead", () => {
    const ahead = gate(fold(records), "compliance");
    const behind = gate(fold(records.slice(0, 2)), "regression");
    const evidence = {
      ...NO_EVIDENCE,
      ratings: { from: behind.cursor ?? null, records: records.slice(2), access: readable },
    };
    const gates = foldGates(both.spec, candidate, [ahead, behind], evidence, served);
    expect(gates).toMatchObject([{}, { samples: 3 }, {}]);
    expect(gates.slice(1)).toEqual(fold(records).slice(1));
  });

  it("is read from the beginning for a gate that Git adds in mid-run, and the other one comes to the same", () => {
    const before = fold(records, { canary: compliance });
    const previous = remembered(stored(before));
    expect(cursorsOf(both.spec, candidate, previous).ratings).toBeNull();
    expect(fold(records, { previous })).toEqual(fold(records));
  });

  it("takes nothing from a gate while it is out of sight", () => {
    const before = fold(records, { canary: compliance });
    const unread = fold([], { previous: remembered(stored(before)), access: { type: "Unread" } });
    expect(gate(unread, "compliance")).toEqual(gate(before, "compliance"));
  });
});

describe("what regression remembers", () => {
  const before = fold(ratings(repeated("c0.6 s0.4 c0.2", 30)));
  const spoil = (state: string | undefined) =>
    before.map((each) => {
      const { state: _, ...rest } = each;
      return each.name === "regression" ? { ...rest, ...(state !== undefined && { state }) } : each;
    });

  it("fits its field, however many ratings there were", () => {
    const long = fold(ratings(repeated("c0.123456789 s0.3 c0.7 s0.987654321", 2_000)));
    expect(gate(long, "regression").state?.length).toBeLessThan(400);
  });

  it.each([
    ["no JSON", "[1,"],
    ["another version's", "[2,[1,1,1],[0,0],[0,0,0],[0,0,0,0]]"],
    ["no numbers", '[1,["1",1,1],[0,0],[0,0,0],[0,0,0,0]]'],
    ["too short", "[1,[1,1,1],[0,0],[0,0,0]]"],
    ["gone", undefined],
  ])("is folded anew where it is %s, and the other gate comes to the same", (_, state) => {
    const records = ratings(repeated("c0.6 s0.4 c0.2", 30));
    const previous = remembered(spoil(state));
    expect(cursorsOf(both.spec, candidate, previous).ratings).toBeNull();
    expect(gate(previous, "compliance")).toEqual(gate(before, "compliance"));
    expect(fold(records, { previous })).toEqual(fold(records));
  });

  it("keeps a Fail although the rest is spoilt", () => {
    const failed = fold(ratings(repeated("c0 s1", 100))).map((each) => ({ ...each, state: "spoilt" }));
    const again = fold(ratings("c1 s0"), { previous: remembered(failed) });
    expect(gate(again, "regression").verdict).toBe("Fail");
  });

  it("rejects a revision that is tried again by what came after the retry only, folded on or folded anew", () => {
    const bad = ratings(repeated("c0 s1", 100));
    const retriedAt = new Date(bad.at(-1)?.at ?? "");
    const worse = ratings(repeated("c0 s1", 100), 201).map((each, i) => ({
      ...each,
      at: new Date(retriedAt.getTime() + (i + 1) * 1000).toISOString(),
    }));
    const look = { ...served, retriedAt };
    const tried = fold(bad, { look });
    expect(gate(tried, "regression").verdict).toBe("Undecided");
    const anew = fold(bad, { previous: tried, from: null, look });
    expect(gate(anew, "regression").state).toBe(gate(tried, "regression").state);
    for (const gates of [tried, anew])
      expect(gate(fold(worse, { previous: gates, look }), "regression").verdict).toBe("Fail");
  });
});
