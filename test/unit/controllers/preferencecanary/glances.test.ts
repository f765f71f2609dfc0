import { expect, it } from "vitest";
import { createGlances } from "../../../../src/controllers/preferencecanary/glances.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

/** A candidate in its last step, as a pass has just seen it; `heard` is what becomes of news. */
function seen() {
  const world = new CanaryWorld();
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  world.vote([1, 0]);
  world.pass();
  const said: string[] = [];
  const glances = createGlances({
    wake: () => void said.push("pass"),
    wakeFirst: () => void said.push("first"),
    hasNumbers: () => void said.push("numbers"),
  });
  const key = { name: world.canary.metadata.name };
  const keep = () => glances.keep(key, world.facts(), () => world.facts());
  keep();
  const heard = () => {
    glances.heard(key);
    return said.at(-1);
  };
  return { world, glances, key, keep, heard };
}

it("lets comparisons wait that change numbers only", () => {
  const { world, heard } = seen();
  world.vote([1]);
  expect(heard()).toBe("numbers");
  world.vote([0]);
  expect(heard()).toBe("numbers");
});

it("is a pass before all others at the comparison that makes a gate fail, and at every one after it", () => {
  const { world, heard } = seen();
  const answers: (string | undefined)[] = [];
  for (let votes = 0; votes < 40; votes += 1) {
    world.vote([0]);
    answers.push(heard());
    const isFailed = world.facts().gates.some(({ verdict }) => verdict === "Fail");
    expect(answers.at(-1)).toBe(isFailed ? "first" : "numbers");
  }
  expect(answers).toContain("numbers");
  expect(answers).toContain("first");
});

it("is such a pass at the comparison that makes a gate pass", () => {
  const { world, heard } = seen();
  world.vote([1]);
  expect(heard()).toBe("numbers");
  world.vote(Array.from({ length: 60 }, () => 1));
  expect(world.facts().gates[0]?.verdict).toBe("Pass");
  expect(heard()).toBe("first");
});

it("is such a pass when evidence gets out of sight, and when it is in sight again", () => {
  const { world, keep, heard } = seen();
  world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
  expect(heard()).toBe("first");
  keep();
  expect(heard()).toBe("numbers");
  world.evidence.setAccess({ type: "Readable" });
  expect(heard()).toBe("first");
});

it("is a pass for whom no pass has seen, as in a process that has just begun", () => {
  const { glances, key, world, heard } = seen();
  glances.forget(key);
  world.vote([1]);
  expect(heard()).toBe("pass");
});

it("is a pass while there is no candidate on its way, and while one is taken back", () => {
  const { world, keep, heard } = seen();
  world.vote(Array.from({ length: 40 }, () => 0));
  keep();
  expect(heard()).toBe("pass");
  world.settle();
  keep();
  expect(world.status.phase).toBe("RolledBack");
  expect(heard()).toBe("pass");
});
