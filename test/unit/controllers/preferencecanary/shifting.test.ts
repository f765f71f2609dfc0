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

const canary = canaryObject();
const stable = "aaaaaaaaaa";
const candidate = { revision: "bbbbbbbbbb", state: "Running", sameModel: false } as const;
const at = "2026-01-01T00:00:00.000Z";

type Outcome = Comparison["outcome"];

/** "300:70 200:40": so many bets with such a percentage of wins, evenly spread. */
function outcomes(text: string): Outcome[] {
  return text.split(" ").flatMap((stretch) => {
    const [bets = 0, percent = 0] = stretch.split(":").map(Number);
    const won = (count: number) => Math.floor((count * percent) / 100);
    return Array.from({ length: bets }, (_, i): Outcome => (won(i + 1) > won(i) ? 1 : 0));
  });
}

function votes(results: readonly Outcome[], first = 1): Comparison[] {
  const rest = { at, unit: "0".repeat(64), vote: 1, raterVote: 1, labeler: "ann", cohort: null };
  return results.map((outcome, i) => ({ ...rest, sequence: first + i, id: `c${first + i}`, outcome }));
}

function fold(records: readonly Comparison[], previous: readonly GateStatus[] = []): GateStatus {
  const from = cursorsOf(canary.spec, candidate, previous).comparisons ?? null;
  const comparisons = { from, records, access: { type: "Readable" } } as const;
  const look = { now: new Date(at), silence: undefined };
  const [gate] = foldGates(canary.spec, candidate, previous, { ...NO_EVIDENCE, comparisons }, look);
  if (gate === undefined) throw new Error("there is no gate");
  return gate;
}

/** What a run goes on from, where the API server gives this back. */
function remembered(gate: GateStatus): readonly GateStatus[] {
  const stored = PreferenceCanaryStatus.parse(JSON.parse(JSON.stringify({ gates: [gate] })));
  const status = { ...stored, stable: { revision: stable }, candidate };
  return rememberedGates({ canary: { ...canary, status } } as unknown as Observed, {
    stable,
    candidate,
  });
}

const RISE_AND_FALL = "400:70 80:30";

describe("a win rate that falls after a Pass", () => {
  it("takes the Pass back until there are three times as many bets, and says so", () => {
    const changed = fold(votes(outcomes(RISE_AND_FALL)));
    expect(changed.verdict).toBe("Shifting");
    expect(changed).not.toHaveProperty("passedAt");
    expect(changed.message).toMatch(/the mean fell: 70% of 400 comparisons .* then .*; nothing passes before 1,?\d+/);
    const good = fold(votes(outcomes("1100:75"), 481), remembered(changed));
    expect(good).toMatchObject({ verdict: "Pass", message: expect.stringContaining("it has settled since") });
  });

  it("gives the same status in batches of any size, whatever is stored in between", () => {
    const stretch = fc.tuple(fc.integer({ min: 1, max: 250 }), fc.constantFrom(0, 30, 55, 70, 100));
    const verdicts = new Set<string>();
    const sameInBatches = (text: string, size: number) => {
      const records = votes(outcomes(text));
      const once = fold(records);
      let gates: readonly GateStatus[] = [];
      for (let from = 0; from < records.length; from += size)
        gates = remembered(fold(records.slice(from, from + size), gates));
      expect(gates).toEqual([once]);
      verdicts.add(once.verdict);
    };
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 90 }), (all, size) =>
        sameInBatches(all.map((part) => part.join(":")).join(" "), size),
      ),
      { numRuns: 40 },
    );
    for (const size of [1, 7, 400, 479]) sameInBatches(RISE_AND_FALL, size);
    expect(verdicts).toContain("Shifting");
  });

  it("fits its field, however many bets there were", () => {
    const thirds = outcomes("20000:70 500:30").map((outcome, i): Outcome => (i % 7 === 0 ? 0.5 : outcome));
    expect(fold(votes(thirds)).state?.length).toBeLessThan(200);
  });
});

describe("what the monitor remembers", () => {
  const records = votes(outcomes(RISE_AND_FALL));
  const { state: _, ...without } = fold(records);

  it.each([
    ["of a release without the monitor", without],
    ["no JSON", { ...without, state: "[1," }],
    ["another version's", { ...without, state: "[2,[0,0],null]" }],
    ["too short", { ...without, state: "[1,[0,0]]" }],
  ])("is folded anew where it is %s", (_case, gate) => {
    const previous = remembered(gate);
    expect(cursorsOf(canary.spec, candidate, previous).comparisons).toBeNull();
    expect(fold(records, previous)).toEqual(fold(records));
  });

  it("is not what a Fail hangs on", () => {
    const { state: _state, ...failed } = fold(votes(outcomes("60:0")));
    expect(fold(votes([1]), remembered(failed)).verdict).toBe("Fail");
  });
});

describe("a candidate whose win rate is shifting", () => {
  const steps = [
    { name: "shadow", weight: 0 },
    { name: "half", weight: 50, approval: "Required" },
  ];

  /** It has passed and waits for an approval; then it falls. */
  function fallen(changes: object = {}): CanaryWorld {
    const world = new CanaryWorld(canarySpec({ steps, ...changes }));
    world.workload();
    world.settle();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    world.vote(outcomes("400:70"));
    world.settle();
    world.vote(outcomes("80:30"));
    world.settle();
    return world;
  }
  const ready = ({ status }: CanaryWorld) => status.conditions?.find(({ type }) => type === "Ready");

  it("is held, with one event, and not promoted by an approval", () => {
    const world = fallen();
    expect(world.status.gates).toMatchObject([{ verdict: "Shifting" }]);
    expect([world.status.phase, ready(world)?.reason]).toEqual(["Progressing", "Shifting"]);
    const revision = world.status.candidate?.revision ?? "";
    world.annotate({ "dpo.dev/approve": `${revision}/half` });
    world.vote(outcomes("10:50"));
    world.settle();
    expect(world.status.candidate?.revision).toBe(revision);
    const held = world.events.filter(({ reason }) => reason === "HeldForShifting");
    expect(held).toMatchObject([{ type: "Warning", note: expect.stringMatching(/^Gate winRate: .*the mean fell: /) }]);
    world.vote(outcomes("1100:75"));
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision } });
  });

  it("goes no step further meanwhile, although the next one requires nothing", () => {
    const world = fallen({
      steps: [steps[0], { name: "half", weight: 50, minDuration: "1h" }, { name: "most", weight: 90 }],
    });
    world.later(3 * 60 * 60_000 - 1);
    world.vote(outcomes("1:50"));
    world.settle();
    expect([world.status.step?.name, world.status.gates?.[0]?.verdict]).toEqual(["half", "Shifting"]);
  });

  it("is rolled back all the same when the evidence for that suffices", () => {
    const world = fallen();
    world.vote(outcomes("900:30"));
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
  });
});
