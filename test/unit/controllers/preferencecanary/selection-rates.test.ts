import { describe, expect, it } from "vitest";
import { digest, modelUri } from "../../../builders/canary.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { candidateOf, HOUR, idle, wins } from "./scenario.ts";
import { CANDIDATES, contender, fair, good, model, revisionOf, selecting } from "./selecting.ts";

function winRateNumbers(world: CanaryWorld): string | undefined {
  return world.status.gates?.find(({ name }) => name === "winRate")?.numbers;
}

/** Each of K models is judged at one part in K of the error rates, so that those hold for all of them together. */
describe("the error rates of a selection", () => {
  it("judges each at its part of the error rates", () => {
    const world = selecting();
    const numbers = contender(world, "red")?.gates[0]?.numbers;
    expect(numbers).toContain("falsePromotion 1.666666%");
    expect(numbers).toContain("falseRollback 1.666666%");
  });

  it("judges whoever was compared at its part of the rates for good, whatever Git lists later", () => {
    const world = selecting();
    world.voteFor("green", wins);
    world.settle();
    const green = candidateOf(world);
    // The same model, asked for by itself.
    world.edit({ model: { uri: modelUri("c"), digest: digest("c") } });
    world.loseStatus();
    world.settle(30_000);
    expect(world.status.candidate).toMatchObject({ revision: green, among: 3 });
    expect(winRateNumbers(world)).toContain("falsePromotion 1.666666%");
    world.annotate({ "dpo.dev/rollback": green });
    world.settle();
    expect(world.status.lastRun).toMatchObject({ revision: green, outcome: "RolledBack", among: 3 });
    expect([...world.archived.values()].at(-1)).toMatchObject({
      candidate: { revision: green },
      among: 3,
      spec: { gates: { winRate: { falsePromotion: "1.666666%" } } },
    });
  });

  it("gives nobody a larger part when one is chosen again from those that are left", () => {
    const world = selecting();
    world.voteFor("red", good);
    world.voteFor("green", wins);
    world.settle();
    world.annotate({ "dpo.dev/rollback": candidateOf(world) });
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    world.edit({ model: { candidates: CANDIDATES.filter(({ name }) => name !== "green") } });
    world.settle(30_000);
    expect(contender(world, "red")).toMatchObject({ among: 3, gates: [{ samples: 30 }] });
    expect(winRateNumbers(world)).toContain("falsePromotion 1.666666%");
    const newcomer = model("grey", "e");
    world.edit({ model: { candidates: [...CANDIDATES.filter(({ name }) => name !== "green"), newcomer] } });
    world.edit({ model: { candidates: [newcomer, model("white", "f")] } });
    world.settle(30_000);
    expect(world.status.contenders?.map(({ name, among }) => [name, among])).toEqual([
      ["grey", 2],
      ["white", 2],
    ]);
    expect(world.status.history?.find(({ digest }) => digest === CANDIDATES[0]?.digest)).toMatchObject({
      outcome: "Superseded",
      among: 3,
    });
    expect([...world.archived.values()].at(-1)?.spec.gates.winRate).toMatchObject({ falsePromotion: "1.666666%" });
  });

  it("does not change in mid-run what a sole candidate is judged at, whatever Git lists by then", () => {
    const world = idle({ model: { uri: modelUri("b"), digest: digest("b") }, afterPromotion: { watch: "24h" } });
    world.settle(30_000);
    world.vote(wins);
    world.later(HOUR);
    const before = winRateNumbers(world);
    world.edit({ model: { candidates: CANDIDATES }, selection: { minShare: 10 } });
    world.later(60_000);
    expect(world.status).toMatchObject({ candidate: { digest: digest("b") }, step: { name: "watch" } });
    expect(world.status.candidate).not.toHaveProperty("among");
    expect(winRateNumbers(world)).toBe(before);
    world.later(25 * HOUR);
    expect(world.status.lastRun).toMatchObject({ digest: digest("b"), outcome: "Promoted" });
    expect(world.status.lastRun).not.toHaveProperty("among");
  });

  it("counts one in that had a run of its own before", () => {
    const world = idle({ model: { uri: modelUri("c"), digest: digest("c") } });
    world.settle(30_000);
    world.edit({ model: { candidates: CANDIDATES }, selection: { minShare: 10 } });
    world.settle(30_000);
    world.edit({ model: { uri: modelUri("c"), digest: digest("c") } });
    world.settle(30_000);
    expect(world.status.candidate).toMatchObject({ digest: digest("c"), among: 3 });
  });

  it("judges a contender at its part of the rates when its model is asked for alone, however few runs are remembered", () => {
    const world = selecting({ history: { limit: 0 } });
    world.voteFor("red", fair);
    world.settle(30_000);
    const red = revisionOf(world, "red");
    world.edit({ model: { uri: modelUri("e"), digest: digest("e") } });
    world.settle(10 * HOUR);
    world.edit({ model: { uri: modelUri("b"), digest: digest("b") } });
    world.settle(30_000);
    expect(world.status).toMatchObject({ candidate: { revision: red, among: 3 }, gates: [{ samples: 30 }] });
    expect(winRateNumbers(world)).toContain("falsePromotion 1.666666%");
  });
});
