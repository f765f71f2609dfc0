import { describe, expect, it } from "vitest";
import { candidateOf, losses, rolledBack, running, wins } from "./scenario.ts";

describe("retry", () => {
  it("given while the candidate is still being taken back comes to rest", () => {
    const world = running();
    const candidate = candidateOf(world);
    world.vote(losses);
    world.pass();
    world.annotate({ "dpo.dev/retry": candidate });
    world.settle();
    expect(world.status.phase).toMatch(/RolledBack|Progressing/);
  });

  it("that stands before the revision fails for the first time comes to rest", () => {
    const world = running();
    world.annotate({ "dpo.dev/retry": candidateOf(world) });
    world.vote(losses);
    world.settle();
    expect(world.status.phase).toMatch(/RolledBack|Progressing/);
  });

  it("of a revision whose run was not the last one is not rejected by what came before it", () => {
    const world = rolledBack();
    const { revision = "" } = world.status.lastRun ?? {};
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(30_000);
    world.vote(losses);
    world.settle();
    world.annotate({ "dpo.dev/retry": revision });
    world.settle(30_000);
    expect(candidateOf(world)).toBe(revision);
  });

  it("goes on when status is lost in mid-try", () => {
    const world = rolledBack();
    const { revision = "" } = world.status.lastRun ?? {};
    world.annotate({ "dpo.dev/retry": revision });
    world.settle(30_000);
    world.loseStatus();
    world.settle(30_000);
    expect(candidateOf(world)).toBe(revision);
  });

  it("is not promoted by an order of the run before it", () => {
    const world = running();
    const revision = candidateOf(world);
    world.vote(losses);
    world.annotate({ "dpo.dev/promote": revision });
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    world.annotate({ "dpo.dev/promote": revision, "dpo.dev/retry": revision });
    world.settle();
    expect(world.status.phase).toBe("Progressing");
  });

  it("is not approved by the approval of the run before it", () => {
    const steps = [{ name: "half", weight: 50, approval: "Required" }];
    const world = running({ steps });
    const revision = candidateOf(world);
    const approve = { "dpo.dev/approve": `${revision}/half` };
    world.annotate(approve);
    world.vote(losses);
    world.settle();
    world.annotate({ ...approve, "dpo.dev/retry": revision });
    world.settle(30_000);
    for (let more = 0; more < 6; more++) world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("AwaitingApproval");
  });
});

it("suspend keeps an order to promote waiting", () => {
  const world = running();
  world.edit({ suspend: true });
  world.annotate({ "dpo.dev/promote": candidateOf(world) });
  world.settle();
  expect(world.status.phase).toBe("Paused");
});
