import { expect, test } from "vitest";
import { given, stories } from "../../builders/canary-stories.ts";
import { documented, said } from "./status-tables.ts";

const rows = stories.flatMap((story) => {
  const world = given(story);
  story.happens(world);
  world.settle(30_000);
  return world.statuses.map(({ phase = "", conditions = [] }) => said({ phase, conditions }));
});

const reasonsOf = (all: readonly string[]) => [...new Set(all.map((row) => row.split(", ")[1]))].toSorted();

test("each reason of docs/status.md is that of a story, so that docs/canary-kubectl.md shows it", () => {
  expect(reasonsOf(rows)).toEqual(reasonsOf(documented("PreferenceCanary")));
});

test("what a canary says in any story stands in docs/status.md, with its phase and conditions", () => {
  const table = documented("PreferenceCanary");
  expect([...new Set(rows)].filter((row) => !table.includes(row))).toEqual([]);
});
