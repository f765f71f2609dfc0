import { describe, expect, it } from "vitest";
import type { Comparison } from "../../../../src/api/contracts/collector-api.ts";
import { NO_EVIDENCE } from "../../../../src/controllers/preferencecanary/evidence/evidence.ts";
import {
  foldGates,
  type GateStatus,
  rememberedGates,
} from "../../../../src/controllers/preferencecanary/gates/gates.ts";
import type { Observed } from "../../../../src/controllers/preferencecanary/observed.ts";
import { seededRandom } from "../../../../src/dataset/seeded-random.ts";
import { canaryObject, canarySpec } from "../../../builders/canary.ts";
import { HOUR, running } from "./scenario.ts";

const candidate = { revision: "bbbbbbbbbb", state: "Running", sameModel: false } as const;
const stable = "aaaaaaaaaa";
const GATES = { winRate: {}, calibration: { maxError: "10%" } };
const canary = canaryObject(canarySpec({ gates: GATES }));
const at = "2026-01-01T00:00:00.000Z";

/** Raters who prefer the candidate's answer with the probability that its margin says, times `trust`. */
function judged(count: number, trust: number, first = 1): Comparison[] {
  const random = seededRandom(first);
  return Array.from({ length: count }, (_, i) => {
    const margin = random() * 6 - 3;
    const outcome = random() < 1 / (1 + Math.exp(-margin * trust)) ? 1 : 0;
    const rest = { at, unit: "0".repeat(64), vote: 1, raterVote: 1, labeler: "ann", cohort: null };
    return { ...rest, sequence: first + i, id: `c${first + i}`, outcome, margin };
  });
}

function without({ margin: _, ...comparison }: Comparison): Comparison {
  return comparison;
}

function fold(records: readonly Comparison[], previous: readonly GateStatus[] = []): readonly GateStatus[] {
  const last = previous[1]?.cursor ?? null;
  const comparisons = { from: last, records, access: { type: "Readable" } } as const;
  const look = { now: new Date(at), silence: undefined };
  return foldGates(canary.spec, candidate, previous, { ...NO_EVIDENCE, comparisons }, look);
}

const calibration = (gates: readonly GateStatus[]) => gates.find(({ name }) => name === "calibration");

function remembered(gates: readonly GateStatus[]): readonly GateStatus[] {
  const status = { stable: { revision: stable }, candidate, gates };
  return rememberedGates({ canary: { ...canary, status } } as unknown as Observed, { stable, candidate });
}

describe("the gate calibration", () => {
  it("passes a model whose margins say what the raters prefer, and fails one that is far too sure", () => {
    expect(calibration(fold(judged(2_000, 1)))).toMatchObject({
      verdict: "Pass",
      passedAt: { samples: expect.any(Number) },
    });
    const surer = calibration(fold(judged(2_000, 0)));
    expect(surer).toMatchObject({
      verdict: "Fail",
      message: expect.stringContaining("shown to be over the limit 10%"),
    });
    expect(surer).not.toHaveProperty("evidence");
  });

  it("counts comparisons with a margin and no others, of each prompt its first", () => {
    const records = judged(60, 1).map((each, i) => (i % 3 === 0 ? without(each) : { ...each, vote: i % 3 }));
    expect(calibration(fold(records))).toMatchObject({ verdict: "Undecided", samples: 20 });
  });

  it("says the same however it is batched, and from status on", () => {
    const records = judged(400, 1);
    const once = fold(records);
    let gates: readonly GateStatus[] = [];
    for (let i = 0; i < records.length; i += 37) gates = fold(records.slice(i, i + 37), remembered(gates));
    expect(calibration(gates)).toEqual(calibration(once));
  });

  it("is folded anew where somebody has spoilt what it remembers, and the others go on", () => {
    const gates = fold(judged(100, 1)).map((gate) =>
      gate.name === "calibration" ? { ...gate, state: "[1,[]]" } : gate,
    );
    const [winRate, spoilt] = remembered(gates);
    expect([winRate?.samples, spoilt?.samples, spoilt?.cursor]).toEqual([100, 0, undefined]);
  });
});

it("a canary whose pairs carry no margin has no data for it, and holds the candidate", () => {
  const world = running({ gates: GATES, onNoData: { after: "1h" } });
  for (let i = 0; i < 3; i++) {
    world.vote(Array<1>(20).fill(1));
    world.later(HOUR / 2);
  }
  world.vote([1]);
  world.settle(0);
  expect(world.status.gates).toMatchObject([
    { name: "winRate", verdict: "Pass" },
    { name: "calibration", verdict: "NoData", samples: 0 },
  ]);
  expect(world.status.conditions?.find(({ type }) => type === "Ready")?.reason).toBe("NoData");
});
