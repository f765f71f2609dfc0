import { join } from "node:path";
import { expect, it } from "vitest";
import type { Effect } from "../../../src/controllers/preferencecanary/effect.ts";
import { given, stories } from "../../builders/canary-stories.ts";
import type { CanaryWorld } from "../../builders/canary-world.ts";

it("docs/canary-states.md is what the decisions that ship do, story by story", async () => {
  const rows = stories.map((story) => {
    const world = given(story);
    const before = stateOf(world);
    world.effects.length = 0;
    story.happens(world);
    world.settle(30_000);
    return `| ${before} | ${story.event} | ${world.isGone ? "gone" : stateOf(world)} | ${written(world.effects)} |`;
  });
  const table = ["| State | Event | Next state | What is written, in this order |", "|---|---|---|---|", ...rows];
  await expect(`${INTRODUCTION}\n\n${table.join("\n")}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, "../../../docs/canary-states.md"),
  );
});

const INTRODUCTION = `# A canary's states

Phase and reason as \`kubectl get\` shows them, where the next state is the one it comes to rest in or waits in. The
route is always written first, together with the verdict that moves it; status is written after each line and left out. This
table is made by playing each story with the decisions that ship, and a unit test fails when it is no longer true
(\`vitest run --project unit test/unit/docs -u\` writes it anew).`;

function stateOf({ status }: CanaryWorld): string {
  if (status.phase === undefined) return "new";
  const reason = status.conditions?.find(({ type }) => type === "Ready")?.reason;
  const step = status.step === undefined ? "" : `, step ${status.step.name}`;
  return `${status.phase} (${reason}${step})`;
}

function written(effects: readonly Effect[]): string {
  const words = effects.map(wordsOf);
  const groups = words.filter((word, i) => word !== words[i - 1]);
  return groups.length > 0 ? groups.join(", ") : "nothing";
}

function wordsOf(effect: Effect): string {
  const of = (name: string) => (name.endsWith("-sampler") ? "sampler's" : "arm's");
  switch (effect.type) {
    case "AddFinalizer":
      return "finalizer";
    case "RemoveFinalizer":
      return "finalizer off";
    case "WriteRoute":
      return effect.intent.rejected !== undefined && !effect.isConditional ? "route with the rejection" : "route";
    case "GiveRouteBack":
      return "route as Git has it";
    case "LetRouteGo":
      return "route let go";
    case "DeleteRoute":
      return "route deleted";
    case "ApplyRecord":
      return "ControllerRevision";
    case "DeleteRecord":
      return "ControllerRevision deleted";
    case "ApplyDeployment":
      return `${of(effect.object.metadata.name)} Deployment`;
    case "ApplyInferenceService":
      return "arm's InferenceService";
    case "ApplyService":
      return `${of(effect.object.metadata.name)} Service`;
    case "DeleteDeployment":
      return `${of(effect.name)} Deployment deleted`;
    case "DeleteInferenceService":
      return "arm's InferenceService deleted";
    case "DeleteService":
      return `${of(effect.name)} Service deleted`;
    case "ReleaseService":
      return `${of(effect.name)} Service let go`;
  }
}
