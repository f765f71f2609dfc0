import { describe, expect, it } from "vitest";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { armOf, candidateOf, losses, rolledBack, running, serving, stableOf, wins } from "./scenario.ts";

const DOWN = "POST http://collector:8080: connect ECONNREFUSED";

function lastArchived(world: CanaryWorld) {
  return [...world.archived.values()].at(-1);
}

/** Ends with the collector away from the moment of the decision on. */
function endedUnarchived(votes: readonly (0 | 1)[]): CanaryWorld {
  const world = running();
  world.archiveProblem = DOWN;
  world.vote(votes);
  world.settle();
  return world;
}

/** The route says so, and status does not. */
function diedAtRollback(): CanaryWorld {
  const world = running();
  world.vote(losses);
  while (world.slots?.every(({ weight }) => weight > 1)) world.pass("BeforeStatus");
  world.restart();
  return world;
}

describe("the archive of a run", () => {
  it("stands in lastRun and history once the collector has written it", () => {
    const { status } = rolledBack();
    expect(status.lastRun?.archive).toMatchObject({ digest: expect.stringMatching(/^sha256:/) });
    expect(status.history?.[0]?.archive).toEqual(status.lastRun?.archive);
    expect(status.archiving).toBeUndefined();
  });

  it.each([
    ["Promoted", "Promoted", wins],
    ["RolledBack", "RolledBack", losses],
  ])("keeps nothing from being done while the collector is away: %s", (outcome, phase, votes) => {
    const world = endedUnarchived(votes);
    expect(world.status).toMatchObject({ phase, lastRun: { outcome }, archiving: [{ problem: DOWN }] });
    expect(world.status.lastRun).not.toHaveProperty("archive");
    expect(world.status.history?.[0]).not.toHaveProperty("archive");
    world.archiveProblem = undefined;
    world.settle();
    expect(world.status.archiving).toBeUndefined();
    expect(world.status.history?.[0]?.archive).toEqual(world.status.lastRun?.archive);
    expect(lastArchived(world)).toMatchObject({ outcome });
  });

  it("is of what the gates had folded, however late it is written, and of each run that waits", () => {
    const world = endedUnarchived(losses);
    const first = world.status.gates?.[0];
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(30_000);
    world.vote(wins);
    world.settle();
    expect(world.status.archiving?.map(({ revision }) => revision)).toEqual(
      world.status.history?.map(({ revision }) => revision),
    );
    world.archiveProblem = undefined;
    world.settle();
    expect(world.status.history?.map(({ archive }) => archive !== undefined)).toEqual([true, true]);
    const [, older] = [...world.archived.values()];
    expect(older?.gates).toMatchObject([{ samples: first?.samples, failedAt: first?.failedAt, cursor: first?.cursor }]);
  });

  it("has the record that decided also where the process died before status said so", () => {
    const world = diedAtRollback();
    const candidate = candidateOf(world);
    world.evidence.setAccess({ type: "Unread" });
    world.settle();
    expect(world.status.history?.[0]).toMatchObject({ outcome: "RolledBack", gates: [{ verdict: "Undecided" }] });
    // However slow the collector is; meanwhile nobody serves, and no pod is left.
    expect(world.archived.size).toBe(0);
    expect(armOf(world, candidate)).toBeUndefined();
    expect(serving(world)).toEqual({ [stableOf(world)]: 1_000_000 });
    world.evidence.setAccess({ type: "Readable" });
    world.settle();
    expect(world.status.history).toMatchObject([{ outcome: "RolledBack", gates: [{ verdict: "Fail" }] }]);
    expect(lastArchived(world)?.gates).toMatchObject([{ verdict: "Fail", failedAt: { samples: expect.any(Number) } }]);
  });

  it("does without that record where the collector cannot be read: a run ends all the same", () => {
    const world = diedAtRollback();
    world.evidence.setAccess({ type: "Unreadable", problem: DOWN });
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { outcome: "RolledBack" } });
    expect(world.status.candidate).toBeUndefined();
  });

  it("says what was asked and whom, as it was when the run ended", () => {
    const world = rolledBack();
    const { lastRun, stable } = world.status;
    world.edit({ gates: { ...world.canary.spec.gates, winRate: { ...world.canary.spec.gates.winRate, min: "1%" } } });
    world.settle();
    expect(lastArchived(world)).toMatchObject({
      candidate: { revision: lastRun?.revision, digest: lastRun?.digest },
      stable,
      message: lastRun?.message,
      spec: { gates: { winRate: { min: "50%", target: "60%" } } },
    });
  });

  it("of an earlier try stays beside that of the next one", () => {
    const world = rolledBack();
    world.annotate({ "dpo.dev/retry": world.status.lastRun?.revision ?? "" });
    world.settle(30_000);
    expect(lastArchived(world)).not.toHaveProperty("retriedAt");
    world.vote(losses);
    world.settle();
    expect(world.status.history).toHaveLength(2);
    expect(new Set(world.status.history?.map(({ archive }) => archive?.digest)).size).toBe(2);
    expect(lastArchived(world)?.retriedAt).toEqual(expect.any(String));
  });

  it("is not made up where status was lost with all that the gates had said", () => {
    const world = running();
    world.vote(losses);
    world.settle();
    const { size } = world.archived;
    world.loseStatus();
    world.settle();
    expect(world.status.lastRun?.outcome).toBe("RolledBack");
    expect(world.archived.size).toBe(size);
    expect(world.status.archiving).toBeUndefined();
  });

  it("is waited for by as many runs as history keeps, the newest first", () => {
    const world = endedUnarchived(losses);
    world.edit({ history: { limit: 1 } });
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(30_000);
    world.vote(losses);
    world.settle();
    expect(world.status.archiving).toMatchObject([{ revision: world.status.lastRun?.revision }]);
  });
});
