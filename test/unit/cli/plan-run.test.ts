import { describe, expect, test } from "vitest";
import { PreferenceCanary } from "../../../src/api/v1alpha1/preference-canary.ts";
import { type Arrival, type Arrivals, arrivals, type Truth } from "../../../src/cli/plan/arrivals.ts";
import { askedGates } from "../../../src/cli/plan/asked.ts";
import { armsOf, evidenceOf } from "../../../src/cli/plan/evidence.ts";
import { type Rest, settle } from "../../../src/cli/plan/pass.ts";
import { place } from "../../../src/cli/plan/place.ts";
import { type SimulatedRun, simulateRun } from "../../../src/cli/plan/run.ts";
import { startOfRun } from "../../../src/cli/plan/start.ts";
import { endOf } from "../../../src/cli/plan/world.ts";
import { cursorsOf, foldGates, type GateStatus } from "../../../src/controllers/preferencecanary/gates/gates.ts";
import { seededRandom } from "../../../src/dataset/seeded-random.ts";
import { canaryObject, canarySpec } from "../../builders/canary.ts";

const HOUR_MS = 3_600_000;
const RUNS = 3;

type Spec = Readonly<Record<string, unknown>>;

function canaryOf(changes: Spec): PreferenceCanary {
  const { apiVersion, kind, metadata, spec } = canaryObject(canarySpec(changes));
  return PreferenceCanary.parse({ apiVersion, kind, metadata, spec });
}

const verdicts = new Set<string>();

/** The controller looks after every single record and whenever it wants to, and nothing is shared between runs. */
function runOneByOne(start: Rest, stream: Arrivals, horizon: number): SimulatedRun {
  const begun = start.world.now.getTime();
  let rest = start;
  let gates: readonly GateStatus[] = start.facts.gates;
  let comparisons = 0;
  for (;;) {
    const now = rest.world.now.getTime();
    const end = endOf(rest.world, rest.facts.run);
    const step = rest.facts.progress?.step.name;
    if (end !== undefined || now >= horizon)
      return { ...(end && { end }), ...(step !== undefined && { step }), comparisons, ms: now - begun };
    const until = Math.min(rest.dueMs ?? horizon, horizon);
    const [first, ...later] = stream.take(until, 1);
    stream.putBack(later);
    const lot = first === undefined ? [] : [first];
    const at = first?.at ?? until;
    comparisons += lot.filter(({ comparison }) => comparison !== undefined).length;
    const { canary } = rest.world;
    const { candidate } = rest.facts.run;
    if (candidate === undefined) throw new Error("no candidate");
    // The controller may have begun to count anew.
    gates = rest.world.canary.status?.gates ?? gates;
    const { silence, shares } = rest.facts;
    const evidence = evidenceOf(cursorsOf(canary.spec, candidate, gates), gates, lot, armsOf(rest.facts));
    gates = foldGates(canary.spec, candidate, gates, evidence, { now: new Date(at), silence, shares });
    for (const { verdict } of gates) verdicts.add(verdict);
    const status = { ...canary.status, gates: [...gates] };
    rest = settle({ ...rest.world, now: new Date(at), canary: { ...canary, status } });
  }
}

const steps = [
  { name: "shadow", weight: 0, minDuration: "30m" },
  { name: "tenth", weight: 10, minDuration: "20m" },
  { name: "half", weight: 50, minDuration: "1h" },
];
const plain: Truth = {
  winRate: 0.57,
  comparisonsPerHour: 100,
  violationRate: 0,
  checksPerHour: 0,
  ratingsPerHour: 0,
  approvalRate: 0.8,
  stableApprovalRate: 0.8,
  tieRate: 0,
  asked: [],
  breachRate: 0,
};
const checked = { evidence: { comparisons: { dataset: { name: "support" } }, checks: {} } };
const safety = { maxViolationRate: "1%", minChecked: 30 };

const metrics = [
  { name: "p99", prometheus: { query: "p99" }, max: "0.8", interval: "5m", maxBreaches: "20%" },
  {
    name: "cost",
    prometheus: { query: "cost{revision='{{revision}}'}" },
    against: "Stable",
    max: "1.2",
    interval: "7m",
  },
];

/** From a moment on two of three comparisons are lost, whatever they were. */
function falling(stream: Arrivals, from: number): Arrivals {
  const fallen = ({ comparison, ...rest }: Arrival): Arrival => {
    const isLost = comparison !== undefined && rest.at > from && comparison.sequence % 3 !== 0;
    return { ...rest, ...(comparison && { comparison: isLost ? { ...comparison, outcome: 0 } : comparison }) };
  };
  return { ...stream, take: (until, limit) => stream.take(until, limit).map(fallen) };
}

const worlds: readonly (readonly [string, Spec, Truth & { readonly fallsAfterMs?: number }])[] = [
  ["no step to wait for", { steps: [{ name: "shadow", weight: 0 }] }, plain],
  ["steps that last", { steps }, plain],
  ["a good model", { steps }, { ...plain, winRate: 0.7 }],
  ["a bad model", { steps }, { ...plain, winRate: 0.45 }],
  [
    "an approval and a pause",
    { steps: [{ ...steps[0], approval: "Required", pause: { until: "2099-01-01T00:00:00Z" } }, steps[1]] },
    plain,
  ],
  [
    "safety, and a step that requires a gate",
    { ...checked, gates: { winRate: {}, safety }, steps: [steps[0], { ...steps[1], requires: ["winRate"] }, steps[2]] },
    { ...plain, winRate: 0.63, violationRate: 0.01, checksPerHour: 60 },
  ],
  [
    "a model that breaks the rules",
    { ...checked, gates: { winRate: {}, safety }, steps },
    { ...plain, winRate: 0.63, violationRate: 0.1, checksPerHour: 60 },
  ],
  ["evidence that comes seldom", { steps, onNoData: { after: "20m" } }, { ...plain, comparisonsPerHour: 8 }],
  [
    "silence that rolls back",
    { steps, onNoData: { after: "20m", do: "Rollback" } },
    { ...plain, comparisonsPerHour: 9 },
  ],
  ["a deadline", { steps, deadline: "2h" }, plain],
  [
    "ratings of both arms",
    {
      evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
      gates: {
        winRate: {},
        compliance: { min: "60%", target: "75%" },
        regression: { maxDrop: "20%" },
        mismatch: { settle: "1m", minSamples: 30, falseAlarm: "20%" },
      },
      steps: [steps[0], { name: "half", weight: 50, minDuration: "20m" }],
    },
    { ...plain, winRate: 0.65, ratingsPerHour: 120 },
  ],
  [
    "a watch after promotion",
    { steps, afterPromotion: { watch: "1h" }, gates: { winRate: { falsePromotion: "40%", falseRollback: "40%" } } },
    { ...plain, winRate: 0.57, comparisonsPerHour: 60 },
  ],
  ["ties", { steps }, { ...plain, tieRate: 0.4 }],
  [
    "metrics and a webhook, which all say yes",
    { gates: { winRate: {}, metrics, webhook: { endpoint: "board" } }, steps },
    plain,
  ],
  [
    "a metric that breaks its bound too often",
    { gates: { winRate: {}, metrics }, steps },
    { ...plain, breachRate: 0.3 },
  ],
  ["a win rate that falls after an hour", { steps }, { ...plain, winRate: 0.8, fallsAfterMs: HOUR_MS }],
  [
    "windows",
    { steps, windows: [{ schedule: "0 4 * * *", duration: "1h" }] },
    { ...plain, winRate: 0.65, comparisonsPerHour: 50 },
  ],
];

const outcomes = new Set<string>();

describe("a simulated run ends as if the controller looked after every record", () => {
  test.each(worlds)("%s", (_, changes, { fallsAfterMs = Number.POSITIVE_INFINITY, ...truth }) => {
    const canary = canaryOf(changes);
    const start = startOfRun(canary);
    const told = { ...truth, asked: askedGates(canary.spec.gates) };
    const begun = start.world.now.getTime();
    const shared = place(start);
    for (let seed = 0; seed < RUNS; seed++) {
      const stream = () => falling(arrivals(told, begun, seededRandom(seed)), begun + fallsAfterMs);
      const horizon = begun + 12 * HOUR_MS;
      const quick = simulateRun(shared, stream(), horizon);
      expect(quick).toEqual(runOneByOne(start, stream(), horizon));
      outcomes.add(quick.end === undefined ? "Undecided" : `${quick.end.outcome} in ${quick.step}`);
    }
  });

  test("in every way there is", () => {
    for (const outcome of ["Promoted in half", "RolledBack in shadow", "Undecided"])
      expect(outcomes).toContain(outcome);
    for (const outcome of ["Promoted in watch", "RolledBack in watch"]) expect(outcomes).toContain(outcome);
    expect(verdicts).toEqual(new Set(["Pass", "Fail", "Undecided", "NoData", "Shifting"]));
  });
});
