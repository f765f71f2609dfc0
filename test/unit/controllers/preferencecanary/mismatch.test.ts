import { describe, expect, it } from "vitest";
import { ArchivedRun, type ArchiveLine } from "../../../../src/api/contracts/archived-run.ts";
import { replayRun } from "../../../../src/cli/replay/replay-run.ts";
import { rememberedShares, writeMismatch } from "../../../../src/controllers/preferencecanary/gates/mismatch-state.ts";
import { seededRandom } from "../../../../src/dataset/seeded-random.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { documented, said } from "../../docs/status-tables.ts";
import { candidateOf, losses, ready, running, wins } from "./scenario.ts";

const MINUTE = 60_000;

const RATED = {
  evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
  gates: { winRate: {}, mismatch: { settle: "10m", minSamples: 50 } },
  steps: [
    { name: "tenth", weight: 10, minDuration: "30m" },
    { name: "half", weight: 50 },
  ],
};

const mismatch = (world: CanaryWorld) => world.status.gates?.find(({ name }) => name === "mismatch");

/** Ratings of which the candidate gets this share, told apart by chance; a second between two. */
function rate(world: CanaryWorld, count: number, share: number, random: () => number): void {
  for (let i = 0; i < count; i++) {
    world.rate(random() < share ? "Candidate" : "Stable", [1]);
    world.clock.pause(1_000);
    if (i % 16 === 0) world.settle(0);
  }
  world.settle(0);
}

/** The weight of its step has been live for longer than ratings take to settle. */
function settled(changes: object = {}): CanaryWorld {
  const world = running({ ...RATED, ...changes });
  world.later(11 * MINUTE);
  expect(world.status.step?.name).toBe("tenth");
  return world;
}

describe("ratings that are not split as the weights are", () => {
  const skewed = () => {
    const world = settled();
    rate(world, 400, 0.3, seededRandom(1));
    return world;
  };

  it("hold the candidate where it is, which status and Events say", () => {
    const world = skewed();
    const candidate = candidateOf(world);
    world.vote(wins);
    world.later(60 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Paused", step: { name: "tenth" }, weights: { desired: 10 } });
    expect(mismatch(world)).toMatchObject({ verdict: "Mismatch", failedAt: { sequence: expect.any(Number) } });
    expect(ready(world)).toMatchObject({
      reason: "Mismatch",
      message: expect.stringMatching(
        /^It stays there for an order, dpo\.dev\/promote or dpo\.dev\/rollback: the ratings are not split/,
      ),
    });
    expect(documented("PreferenceCanary")).toContain(said(world.status as Parameters<typeof said>[0]));
    expect(world.events.filter(({ reason }) => reason === "HeldForMismatch")).toMatchObject([
      {
        type: "Warning",
        note: expect.stringMatching(/^Gate mismatch: the candidate got \d+ of \d+ ratings, the weights say/),
      },
    ]);
    expect(candidateOf(world)).toBe(candidate);
  });

  it("hold it for good: more of them, split as they should be, change nothing", () => {
    const world = skewed();
    const at = mismatch(world)?.failedAt;
    rate(world, 600, 0.1, seededRandom(2));
    expect(mismatch(world)).toMatchObject({ verdict: "Mismatch", failedAt: at });
  });

  it("let a failing gate roll back, and an order promote", () => {
    const failing = skewed();
    failing.vote(losses);
    failing.settle();
    expect(failing.status.phase).toBe("RolledBack");
    const ordered = skewed();
    ordered.annotate({ "dpo.dev/promote": candidateOf(ordered) });
    ordered.settle();
    expect(ordered.status.phase).toBe("Promoted");
  });

  it("are forgotten by a candidate that is tried again", () => {
    const world = skewed();
    const revision = candidateOf(world);
    world.annotate({ "dpo.dev/rollback": revision });
    world.settle();
    world.annotate({ "dpo.dev/retry": revision });
    world.settle(30_000);
    expect(candidateOf(world)).toBe(revision);
    expect(mismatch(world)).toMatchObject({ verdict: "Undecided", samples: 0 });
  });

  it("stay a mismatch when the collector was restored and the stream is read anew", () => {
    const world = skewed();
    const [first, ...rest] = world.status.gates ?? [];
    const gate = mismatch(world);
    const { state: _, cursor: __, ...spoilt } = gate ?? { name: "" };
    world.setStatus({ gates: [first, ...rest.filter(({ name }) => name !== "mismatch"), spoilt] as never });
    world.settle(0);
    expect(mismatch(world)).toMatchObject({ verdict: "Mismatch", failedAt: gate?.failedAt });
  });
});

describe("ratings that are split as the weights are", () => {
  it("pass, over a change of weights too, and the candidate is promoted", () => {
    const world = settled();
    rate(world, 300, 0.1, seededRandom(3));
    expect(mismatch(world)).toMatchObject({ verdict: "Pass" });
    world.later(30 * MINUTE);
    expect(world.status.step?.name).toBe("half");
    world.later(11 * MINUTE);
    rate(world, 300, 0.5, seededRandom(4));
    expect(mismatch(world)).toMatchObject({ verdict: "Pass", samples: expect.any(Number) });
    expect(mismatch(world)?.samples).toBeGreaterThan(590);
    world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });

  it("do not count until the weight has been live for long enough: many are of answers from before", () => {
    const world = running(RATED);
    rate(world, 500, 0.5, seededRandom(5));
    expect(mismatch(world)).toMatchObject({ verdict: "Undecided", samples: 0 });
    world.later(10 * MINUTE);
    rate(world, 2, 0.5, seededRandom(5));
    expect(mismatch(world)?.samples).toBe(1);
  });

  it("are called mismatched no oftener than was asked, though they are looked at all the time", () => {
    const alarms = Array.from({ length: 60 }, (_, seed) => {
      const world = settled();
      rate(world, 150, 0.1, seededRandom(100 + seed));
      return mismatch(world)?.verdict === "Mismatch";
    });
    expect(alarms.filter(Boolean).length).toBeLessThanOrEqual(3);
  }, 120_000);
});

it("fits its field however often a weight is interrupted, and keeps the newest periods", () => {
  const hour = 3_600_000;
  const periods = Array.from({ length: 400 }, (_, index) => ({
    share: 0.33,
    since: Date.parse("2026-11-01T00:00:00Z") + index * hour,
    first: 9_000_000_000 + index * 1_000,
    last: 9_000_000_999 + index * 1_000,
  }));
  const state = { samples: 400_000, sum: 132_000, expected: 131_999.99999999997, log: -12.345678901234567 };
  const current = { share: 0.33, samples: 1_000, sum: 330 };
  const kept = writeMismatch({ state: { ...state, current }, periods });
  expect(kept.state?.length).toBeLessThanOrEqual(2_048);
  const shares = rememberedShares(kept.state);
  const at = new Date(0).toISOString();
  expect(shares?.at({ sequence: 9_000_399_500, at }, 0)).toMatchObject({ candidate: 0.33 });
  expect(shares?.at({ sequence: 9_000_000_500, at }, 0)).toBeUndefined();
});

it("is replayed from the archive to the same verdict at the same rating, as its shares are in it", async () => {
  const world = settled();
  rate(world, 200, 0.1, seededRandom(6));
  world.later(31 * MINUTE);
  rate(world, 20, 0.2, seededRandom(7));
  world.later(11 * MINUTE);
  expect(world.status.step?.name).toBe("half");
  rate(world, 500, 0.3, seededRandom(8));
  const candidate = candidateOf(world);
  const stable = world.status.stable?.revision ?? "";
  const { ratings } = world.evidence.read({ candidate, stable }, { ratings: null });
  world.annotate({ "dpo.dev/rollback": candidate });
  world.settle();
  const run = ArchivedRun.parse([...world.archived.values()].at(-1));
  async function* lines(): AsyncGenerator<ArchiveLine> {
    for (const record of ratings.records) yield { stream: "ratings", record };
  }
  const replayed = (await replayRun(run, lines())).find((gate) => gate.said.name === "mismatch");
  expect(replayed).toMatchObject({ said: { verdict: "Mismatch" }, replayed: { verdict: "Mismatch" }, isSame: true });
  expect(replayed?.said.samples).toBeGreaterThan(200);
});
