import { describe, expect, it } from "vitest";
import type { Comparison } from "../../../../src/api/contracts/collector-api.ts";
import {
  type Access,
  NO_EVIDENCE,
  type Stream,
} from "../../../../src/controllers/preferencecanary/evidence/evidence.ts";
import type { Silence } from "../../../../src/controllers/preferencecanary/evidence/silence.ts";
import {
  cursorsOf,
  foldGates,
  type GateStatus,
  rememberedGates,
  watchedGates,
} from "../../../../src/controllers/preferencecanary/gates/gates.ts";
import type { Observed } from "../../../../src/controllers/preferencecanary/observed.ts";
import { canaryObject, canarySpec } from "../../../builders/canary.ts";

const { spec } = canaryObject();
const candidate = { revision: "bbbbbbbbbb", state: "Running", sameModel: false } as const;
const readable: Access = { type: "Readable" };

function votes(
  outcomes: readonly number[],
  { first = 1, vote = 1, raterVote = 1, at = "2026-01-01T00:00:00.000Z" } = {},
): Comparison[] {
  return outcomes.map((outcome, i) => {
    const sequence = first + i;
    return {
      sequence,
      id: `c${sequence}`,
      at,
      outcome,
      unit: "0".repeat(64),
      vote,
      raterVote,
      labeler: null,
      cohort: null,
    };
  });
}

interface Asked {
  readonly anew?: boolean;
  readonly gates?: typeof spec.gates;
  readonly evidence?: typeof spec.evidence;
  readonly retriedAt?: Date;
  readonly silence?: Silence;
  readonly now?: Date;
}

/** `anew`: the collector did not know the cursor. `gates`, `evidence`: what the canary asks for. */
function fold(
  records: readonly Comparison[],
  previous: readonly GateStatus[] = [],
  access = readable,
  {
    anew = false,
    gates = spec.gates,
    evidence: asked = spec.evidence,
    retriedAt,
    silence,
    now = new Date(),
  }: Asked = {},
) {
  const from = anew ? null : (cursorsOf(spec, candidate, previous).comparisons ?? null);
  const comparisons: Stream<Comparison> = { from, records, access };
  const evidence = { ...NO_EVIDENCE, comparisons };
  const look = { now, silence, retriedAt };
  const [gate, ...others] = foldGates({ ...spec, gates, evidence: asked }, candidate, previous, evidence, look);
  if (gate === undefined || others.length > 0) throw new Error("expected one gate");
  return gate;
}

const mixed = Array.from({ length: 200 }, (_, i) => ((i * 7) % 10 < 6 ? 1 : 0) as 0 | 1);

describe("folding evidence", () => {
  it("gives the same verdict, numbers and cursor however it is batched", () => {
    const records = votes(mixed);
    const once = fold(records);
    for (const size of [1, 3, 64]) {
      let gates: GateStatus[] = [];
      for (let at = 0; at < records.length; at += size) gates = [fold(records.slice(at, at + size), gates)];
      expect(gates).toEqual([once]);
    }
    expect(once).toMatchObject({ samples: 200, sum: "120", cursor: { sequence: 200, id: "c200" } });
  });

  it("bets once on each prompt, but remembers having read the other votes, and when", () => {
    const gate = fold(votes([1, 1, 1], { vote: 2 }));
    expect(gate).toMatchObject({ samples: 0, sum: "0", cursor: { sequence: 3 } });
    expect(gate.lastSampleTime).toBe("2026-01-01T00:00:00.000Z");
  });

  it("keeps the bet on a choice that was corrected, and counts the corrections that it has read, however batched", () => {
    const correction = { ...votes([0], { first: 3 })[0], corrects: 1 } as Comparison;
    const once = fold([...votes([1, 1]), correction]);
    expect(once).toMatchObject({ samples: 2, sum: "2", corrections: 1, cursor: { sequence: 3 } });
    const before = fold(votes([1, 1]));
    expect(before.corrections).toBeUndefined();
    const later = votes([1], { first: 4 });
    const after = fold(later, [fold([correction], [before])]);
    expect(after).toEqual(fold([...votes([1, 1]), correction, ...later]));
    expect(fold(votes([1]), [after], readable, { anew: true }).corrections).toBeUndefined();
  });

  it("bets once on each rater where the canary says so, by the vote that it names, and on nobody's not at all", () => {
    const rater = (unit: object) => ({ evidence: { comparisons: { ...spec.evidence.comparisons, ...unit } } });
    const records = [1, 2, 1, 3].flatMap((raterVote, i) => votes([1], { first: i + 1, vote: 2, raterVote }));
    const nobody = votes([1], { first: 5 }).map((each) => ({ ...each, raterVote: null }));
    const samples = (unit: object) => fold([...records, ...nobody], [], readable, rater(unit)).samples;
    expect(samples({ unit: "Rater" })).toBe(2);
    expect(samples({ unit: "Rater", votesPerUnit: 2 })).toBe(1);
    expect(samples({ unit: "Prompt" })).toBe(1);
    expect(samples({ unit: "Prompt", votesPerUnit: 2 })).toBe(4);
  });

  it("is promised for its unit, in the same words as before there was a choice, so that an upgrade changes no run", () => {
    const numbers = (unit: object) =>
      fold([], [], readable, { evidence: { comparisons: { ...spec.evidence.comparisons, ...unit } } }).numbers;
    expect(numbers({})).toBe("falsePromotion 5%, falseRollback 5%, min 50%, target 60%");
    expect(numbers({ unit: "Rater" })).toContain(", target 60%, unit Rater");
    expect(numbers({ votesPerUnit: 2 })).toContain(", target 60%, votesPerUnit 2");
  });

  it("counts a tie as half", () => {
    expect(fold(votes([0.5, 1])).sum).toBe("1.5");
  });

  it("starts anew when the collector does not know the cursor, and forgets nothing but the sums", () => {
    const before = fold(votes([1, 1, 1, 1]));
    expect(fold(votes([0, 1]), [before], readable, { anew: true })).toMatchObject({
      samples: 2,
      sum: "1",
      cursor: { id: "c2" },
    });
  });

  it("keeps a Fail for good, with the numbers that decided", () => {
    const failed = fold(votes(Array<0>(40).fill(0)));
    expect(failed.verdict).toBe("Fail");
    expect(fold(votes(Array<1>(400).fill(1), { first: 41 }), [failed])).toMatchObject({
      verdict: "Fail",
      failedAt: failed.failedAt,
    });
    expect(fold(votes([1]), [failed], readable, { anew: true }).verdict).toBe("Fail");
  });

  it("latches a Pass, and still fails later", () => {
    const passed = fold(votes(Array<1>(40).fill(1)));
    expect(passed.verdict).toBe("Pass");
    const less = fold(votes(Array<0>(10).fill(0), { first: 41 }), [passed]);
    expect(less).toMatchObject({ verdict: "Pass", passedAt: passed.passedAt });
    expect(fold(votes(Array<0>(300).fill(0), { first: 51 }), [less]).verdict).toBe("Fail");
  });

  it("says NoData with the reason while the collector is out of reach, unless the verdict is Fail", () => {
    const down: Access = { type: "Unreadable", problem: "connection refused" };
    const passed = fold(votes(Array<1>(40).fill(1)));
    expect(fold([], [passed], down)).toMatchObject({ verdict: "NoData", samples: 40 });
    expect(fold([], [passed], down).message).toContain("connection refused");
    const failed = fold(votes(Array<0>(40).fill(0)));
    expect(fold([], [failed], down).verdict).toBe("Fail");
  });

  it("does not pass before minSamples, though the evidence suffices", () => {
    const { min, target, falsePromotion, falseRollback } = spec.gates.winRate;
    const asked = { min, target, falsePromotion, falseRollback, minSamples: 100 };
    const held = fold(votes(Array<1>(99).fill(1)), [], readable, { gates: { winRate: asked } });
    expect(held).toMatchObject({ verdict: "Undecided", passedAt: { samples: expect.any(Number) } });
    expect(held.message).toContain("it can pass from 100 comparisons on (minSamples)");
    expect(fold(votes([1], { first: 100 }), [held], readable, { gates: { winRate: asked } }).verdict).toBe("Pass");
  });

  it("does not pass after maxSamples, says so, and can still fail", () => {
    const gates = { winRate: { ...spec.gates.winRate, maxSamples: 10 } };
    const used = fold(votes(Array.from({ length: 10 }, (_, i) => (i % 2) as 0 | 1)), [], readable, { gates });
    expect(used.message).toContain("the 10 comparisons of maxSamples are used up without a verdict");
    const late = fold(votes(Array<1>(400).fill(1), { first: 11 }), [used], readable, { gates });
    expect(late.verdict).toBe("Undecided");
    expect(fold(votes(Array<0>(500).fill(0), { first: 411 }), [late], readable, { gates }).verdict).toBe("Fail");
  });

  it("has the numbers in the form of the API", () => {
    expect(fold(votes([1, 1, 0]))).toMatchObject({
      estimate: "66.7%",
      interval: [expect.stringMatching(/%$/), expect.stringMatching(/%$/)],
      evidence: { promote: expect.stringMatching(/^-?[0-9.]+ of 1.3$/) },
    });
  });
});

describe("a panel of raters who have all bet", () => {
  const asked = { ...spec.evidence, comparisons: { ...spec.evidence.comparisons, unit: "Rater" as const } };
  const first = votes(Array<1>(40).fill(1));
  const silence = { since: new Date("2026-01-01T00:00:00Z"), limitMs: 3_600_000 };

  it("is not silent while it goes on, and is when it stops", () => {
    const passed = fold(first, [], readable, { evidence: asked });
    expect(passed).toMatchObject({ verdict: "Pass", samples: 40 });
    const more = votes([0, 0, 1], { first: 41, raterVote: 2, at: "2026-01-01T09:30:00.000Z" });
    const look = { evidence: asked, silence };
    const going = fold(more, [passed], readable, { ...look, now: new Date("2026-01-01T10:00:00Z") });
    expect(going).toMatchObject({ verdict: "Pass", samples: 40, lastSampleTime: "2026-01-01T09:30:00.000Z" });
    const gone = fold([], [going], readable, { ...look, now: new Date("2026-01-01T11:00:00Z") });
    expect(gone.verdict).toBe("NoData");
  });

  it("is not heard by answers that an arm failed to give, which are nobody's votes", () => {
    const passed = fold(first, [], readable, { evidence: asked });
    const at = "2026-01-01T09:30:00.000Z";
    const nobodys = votes([0, 0], { first: 41, at }).map((each) => ({ ...each, raterVote: null }));
    const now = new Date("2026-01-01T10:00:00Z");
    expect(fold(nobodys, [passed], readable, { evidence: asked, silence, now }).verdict).toBe("NoData");
    const byPrompt = fold(nobodys, [fold(first)], readable, { silence, now });
    expect(byPrompt.lastSampleTime).toBe(at);
  });
});

describe("checks from before a retry", () => {
  const asked = (require: "NoBreach" | "ProvenBelow") =>
    canaryObject(
      canarySpec({
        evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
        gates: { winRate: {}, safety: { maxViolationRate: "1%", minChecked: 100, require } },
      }),
    ).spec;
  const retriedAt = new Date("2026-01-01T12:00:00Z");
  const [BEFORE, AFTER] = ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"];

  function checks(violations: readonly boolean[], first: number, at: string) {
    return violations.map((violation, i) => ({ sequence: first + i, id: `k${first + i}`, at, answer: "a", violation }));
  }

  function safety(
    records: ReturnType<typeof checks>,
    {
      require = "ProvenBelow",
      previous = [],
      anew = false,
    }: {
      require?: "NoBreach" | "ProvenBelow";
      previous?: readonly GateStatus[];
      anew?: boolean;
    },
  ): GateStatus {
    const of = asked(require);
    const from = anew ? null : (cursorsOf(of, candidate, previous).checks ?? null);
    const evidence = { ...NO_EVIDENCE, checks: { from, records, access: readable } };
    const gates = foldGates(of, candidate, previous, evidence, { now: new Date(), silence: undefined, retriedAt });
    return gates.find(({ name }) => name === "safety") ?? expect.fail("no gate");
  }

  const bad = checks(Array<boolean>(5).fill(true), 1, BEFORE);
  const clean = (count: number) => checks(Array<boolean>(count).fill(false), 6, AFTER);

  it("roll nothing back, and count against the proof that the rate is low", () => {
    const tried = safety(bad, {});
    expect(tried).toMatchObject({ verdict: "Undecided", samples: 5, rollbackFrom: { samples: 5, sum: "5" } });
    const enoughAlone = safety([...bad, ...clean(400)], {});
    expect(enoughAlone).toMatchObject({ verdict: "Undecided", samples: 405, sum: "5" });
    expect(enoughAlone.message).toMatch(
      /^0 violations in 400 checked answers .*has .* of 5 violations in 405 checked answers .* over all tries: \d+ more/,
    );
    expect(safety([...bad, ...clean(4_000)], {}).verdict).toBe("Pass");
  });

  it("say nothing where no proof is asked for", () => {
    expect(safety([...bad, ...clean(99)], { require: "NoBreach" }).verdict).toBe("Undecided");
    expect(safety([...bad, ...clean(100)], { require: "NoBreach" }).verdict).toBe("Pass");
    const worse = checks(Array<boolean>(5).fill(true), 106, AFTER);
    const failed = safety([...bad, ...clean(100), ...worse, ...worse], { require: "NoBreach" });
    expect(failed).toMatchObject({ verdict: "Fail", failedAt: { samples: expect.any(Number) } });
    expect(failed.failedAt?.samples).toBeGreaterThan(100);
  });

  it("give the same however they are batched, and when they are folded anew", () => {
    const records = [...bad, ...clean(200)];
    const once = safety(records, {});
    for (const size of [1, 7, 100]) {
      let previous: GateStatus[] = [];
      for (let at = 0; at < records.length; at += size) previous = [safety(records.slice(at, at + size), { previous })];
      expect(previous).toEqual([once]);
    }
    expect(safety(records, { previous: [once], anew: true })).toEqual(once);
  });
});

describe("a check that is corrected", () => {
  it("is what it was to the gate, which says how many corrections there were", () => {
    const spec = canarySpec({
      evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
      gates: { winRate: {}, safety: { maxViolationRate: "1%", minChecked: 2 } },
    });
    const check = (sequence: number, violation: boolean, rest = {}) => {
      return { sequence, id: `k${sequence}`, at: "2026-01-01T00:00:00.000Z", answer: "a", violation, ...rest };
    };
    const records = [check(1, false), check(2, true, { corrects: 1 }), check(3, false)];
    const evidence = { ...NO_EVIDENCE, checks: { from: null, records, access: readable } };
    const gates = foldGates(canaryObject(spec).spec, candidate, [], evidence, { now: new Date(), silence: undefined });
    const safety = gates.find(({ name }) => name === "safety");
    expect(safety).toMatchObject({ verdict: "Pass", samples: 2, sum: "0", corrections: 1, cursor: { sequence: 3 } });
  });
});

describe("the safety gate", () => {
  /** After as many checks, all of them clean. */
  function checked(count: number, require: "NoBreach" | "ProvenBelow") {
    const asked = canarySpec({
      evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
      gates: { winRate: {}, safety: { maxViolationRate: "1%", minChecked: 100, require } },
    });
    const records = Array.from({ length: count }, (_, i) => {
      return { sequence: i + 1, id: `k${i}`, at: "2026-01-01T00:00:00.000Z", answer: `a${i}`, violation: false };
    });
    const evidence = { ...NO_EVIDENCE, checks: { from: null, records, access: readable } };
    const look = { now: new Date(), silence: undefined };
    const gates = foldGates(canaryObject(asked).spec, candidate, [], evidence, look);
    return gates.find(({ name }) => name === "safety");
  }

  it("passes after minChecked without evidence of a breach, or only with a proof of less, as it was asked to", () => {
    expect(checked(100, "NoBreach")?.verdict).toBe("Pass");
    expect(checked(298, "ProvenBelow")).toMatchObject({
      verdict: "Undecided",
      message: expect.stringContaining("proof of less"),
    });
    expect(checked(400, "ProvenBelow")?.verdict).toBe("Pass");
  });

  it("is asked in the same words as before there was a proof to ask for, so that an upgrade changes no run", () => {
    expect(checked(1, "NoBreach")?.numbers).toBe("maxViolationRate 1%, minChecked 100");
    expect(checked(1, "ProvenBelow")?.numbers).toBe("maxViolationRate 1%, minChecked 100, require ProvenBelow");
  });
});

const stable = "aaaaaaaaaa";
/** What a run of `candidate` against `stable` goes on from, where status has this gate. */
function remembered(gate: GateStatus, changes: object = {}, { min = "50%" } = {}) {
  const canary = canaryObject(canarySpec());
  const winRate = { ...canary.spec.gates.winRate, min };
  const status = {
    stable: { revision: stable, digest: "" },
    candidate: { revision: candidate.revision, digest: "" },
    gates: [gate],
    ...changes,
  };
  const observed = { canary: { ...canary, spec: { ...canary.spec, gates: { winRate } }, status } };
  return rememberedGates(observed as unknown as Observed, { stable, candidate });
}

describe("what status remembers of a run", () => {
  const gate = fold(votes([0, 0]));
  const unfolded = {
    name: "winRate",
    numbers: gate.numbers,
    samples: 0,
    sum: "0",
    verdict: "Undecided",
    message: "",
  };

  it("is its own numbers and no other run's", () => {
    expect(remembered(gate)).toEqual([gate]);
    expect(remembered(gate, { stable: { revision: "cccccccccc", digest: "" } })).toEqual([unfolded]);
    expect(remembered(gate, { candidate: { revision: "cccccccccc", digest: "" } })).toEqual([unfolded]);
    expect(remembered(gate, { gates: undefined })).toEqual([unfolded]);
  });
});

describe("evidence from before a retry", () => {
  const retriedAt = new Date("2026-01-01T12:00:00Z");
  const before = votes(Array<0>(40).fill(0));
  const after = votes(Array<0>(40).fill(0), { first: 41, at: "2026-01-02T00:00:00.000Z" });

  it("counts for promotion and not for rollback", () => {
    const tried = fold(before, [], readable, { retriedAt });
    expect(tried).toMatchObject({ verdict: "Undecided", samples: 40, rollbackFrom: { samples: 40, sum: "0" } });
    const rejected = fold(after, [tried], readable, { retriedAt });
    expect(rejected.verdict).toBe("Fail");
    expect(rejected.failedAt?.samples).toBeGreaterThan(40);
    const passed = fold(votes(Array<1>(40).fill(1)), [], readable, { retriedAt });
    expect(passed).toMatchObject({ verdict: "Pass", passedAt: { samples: expect.any(Number) } });
  });

  it("gives the same however it is batched, and when it is folded anew", () => {
    const records = [...before, ...after.slice(0, 4)];
    const once = fold(records, [], readable, { retriedAt });
    expect(once.verdict).toBe("Undecided");
    for (const size of [1, 7, 41]) {
      let gates: GateStatus[] = [];
      for (let at = 0; at < records.length; at += size)
        gates = [fold(records.slice(at, at + size), gates, readable, { retriedAt })];
      expect(gates).toEqual([once]);
    }
    expect(fold(records, [once], readable, { retriedAt, anew: true })).toEqual(once);
  });

  it("is told from what came before the watch, also when both are folded anew", () => {
    const good = votes(Array<1>(40).fill(1), { first: 41, at: "2026-01-02T00:00:00.000Z" });
    const promoted = watchedGates(spec, candidate, [fold([...before, ...good], [], readable, { retriedAt })]);
    const since = votes([0, 0, 0], { first: 81, at: "2026-01-03T00:00:00.000Z" });
    const once = fold(since, promoted, readable, { retriedAt });
    expect(once.rollbackFrom).toEqual({ samples: 80, sum: "40" });
    expect(fold([...before, ...good, ...since], [once], readable, { retriedAt, anew: true })).toEqual(once);
  });
});

describe("numbers that are changed in mid-run", () => {
  const changed = { min: "40%" };

  it("are tried on all of the evidence, and status never forgets the first ones", () => {
    const before = fold(votes(Array<1>(40).fill(1)));
    const [after] = remembered(before, {}, changed);
    expect(after).toMatchObject({
      samples: 0,
      sum: "0",
      changedFrom: before.numbers,
      numbers: expect.stringContaining("min 40%"),
    });
    expect(cursorsOf(spec, candidate, [after as GateStatus]).comparisons).toBeNull();
    const [back] = remembered(after as GateStatus);
    expect(back).toMatchObject({ changedFrom: before.numbers, numbers: before.numbers });
  });

  it("are no news before the first comparison", () => {
    const [after] = remembered(fold([]), {}, changed);
    expect(after).not.toHaveProperty("changedFrom");
  });

  it("leave a Fail as it is", () => {
    const failed = fold(votes(Array<0>(40).fill(0)));
    const [after] = remembered(failed, {}, changed);
    expect(fold(votes(Array<1>(40).fill(1)), [after as GateStatus]).verdict).toBe("Fail");
  });
});
