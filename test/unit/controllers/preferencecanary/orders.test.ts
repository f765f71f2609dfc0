import { describe, expect, it } from "vitest";
import { canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const wins = Array<1>(60).fill(1);
const losses = Array<0>(60).fill(0);

/** A candidate that has entered its first step. */
function entered(changes: Readonly<Record<string, unknown>> = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec(changes));
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(2_500);
  return world;
}

function candidateOf(world: CanaryWorld): string {
  return world.status.candidate?.revision ?? "no candidate";
}

function ready(world: CanaryWorld) {
  return world.status.conditions?.find(({ type }) => type === "Ready");
}

describe("an approval", () => {
  const steps = [
    { name: "shadow", weight: 0 },
    { name: "half", weight: 50, approval: "Required" },
  ];

  it("is waited for in its step, with the command to give it, although every gate has passed", () => {
    const world = entered({ steps });
    world.vote(wins);
    world.settle();
    const candidate = candidateOf(world);
    expect(world.status).toMatchObject({ phase: "AwaitingApproval", step: { name: "half" }, weights: { desired: 50 } });
    expect(ready(world)?.message).toContain(`dpo.dev/approve=${candidate}/half`);
    const approval = `${candidate}/shadow,${candidate}/half`;
    world.annotate({ "dpo.dev/approve": approval, "dpo.dev/approve-by": "alice" });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
    expect(world.status.lastRun?.message).toContain(`Approved, dpo.dev/approve=${approval} by alice`);
  });

  it("of another run, or of another step, is none", () => {
    const world = entered({ steps });
    world.vote(wins);
    for (const approval of ["cccccccccc/half", `${candidateOf(world)}/shadow`, candidateOf(world)]) {
      world.annotate({ "dpo.dev/approve": approval });
      world.settle();
      expect(world.status.phase).toBe("AwaitingApproval");
    }
  });

  it("does not keep a failing gate from rolling back", () => {
    const world = entered({ steps });
    world.settle();
    world.vote(losses);
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
  });
});

describe("a step", () => {
  it("is entered only when what it requires has passed", () => {
    const world = entered({
      evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
      gates: { winRate: {}, safety: { minChecked: 3 } },
      steps: [
        { name: "shadow", weight: 0 },
        { name: "half", weight: 50, requires: ["safety"] },
      ],
    });
    world.settle();
    expect(world.status).toMatchObject({ step: { name: "shadow" }, weights: { desired: 0 } });
    expect(ready(world)?.message).toContain("waits for safety to pass before step half");
    world.check([false, false, false]);
    world.settle();
    expect(world.status.step?.name).toBe("half");
  });

  it("with a pause is left at its moment, or when somebody says so", () => {
    const until = "2026-01-01T01:00:00Z";
    const steps = [
      { name: "shadow", weight: 0, pause: { until } },
      { name: "half", weight: 50 },
    ];
    const onNoData = { after: "48h" };
    const [timed, resumed] = [entered({ steps, onNoData }), entered({ steps, onNoData })];
    timed.later(30 * 60_000);
    expect(timed.status.step?.name).toBe("shadow");
    timed.later(31 * 60_000);
    expect(timed.status.step?.name).toBe("half");
    resumed.annotate({ "dpo.dev/resume": `${candidateOf(resumed)}/shadow` });
    resumed.settle(10_000);
    expect(resumed.status.step?.name).toBe("half");
  });
});

describe("an order", () => {
  it("to pause keeps the candidate in its step as long as it stands, and a failing gate still rolls back", () => {
    const world = entered();
    world.annotate({ "dpo.dev/pause": candidateOf(world) });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Paused", step: { name: "first" } });
    expect(ready(world)?.reason).toBe("Paused");
    world.annotate({ "dpo.dev/pause": "" });
    world.settle();
    expect(world.status.phase).toBe("Promoted");

    const failing = entered();
    failing.annotate({ "dpo.dev/pause": candidateOf(failing) });
    failing.vote(losses);
    failing.settle();
    expect(failing.status.phase).toBe("RolledBack");
  });

  it("to promote skips steps and gates that have not decided, and history says who it was for", () => {
    const world = entered();
    const candidate = candidateOf(world);
    world.annotate({ "dpo.dev/promote": candidate });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
    expect(world.status.history).toMatchObject([
      { revision: candidate, outcome: "Promoted", message: expect.stringContaining("By order, dpo.dev/promote=") },
    ]);
    expect(world.faults()).toEqual([]);
  });

  it("to promote does not outrank a gate that fails", () => {
    const world = entered();
    world.vote(losses);
    world.annotate({ "dpo.dev/promote": candidateOf(world) });
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
  });

  it("to roll back outranks one to promote and one to try again, and rejects the revision", () => {
    const world = entered();
    const candidate = candidateOf(world);
    world.vote(wins);
    world.annotate({ "dpo.dev/promote": candidate, "dpo.dev/rollback": candidate, "dpo.dev/retry": candidate });
    world.settle();
    expect(world.status).toMatchObject({
      phase: "RolledBack",
      lastRun: { outcome: "RolledBack", revision: candidate },
    });
    expect(world.status.lastRun?.message).toContain(`dpo.dev/rollback=${candidate} by somebody (unverified)`);
    world.annotate({ "dpo.dev/rollback": "", "dpo.dev/retry": candidate });
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });

  it("for a revision that is not running does nothing", () => {
    const world = entered();
    const stable = world.status.stable?.revision ?? "";
    world.annotate({ "dpo.dev/rollback": `${stable},cccccccccc`, "dpo.dev/pause": stable });
    world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });
});
