import { describe, expect, it } from "vitest";
import { desiredModel, type ModelChoice } from "../../../../src/controllers/preferencecanary/arms/desired-model.ts";
import type { Model } from "../../../../src/controllers/preferencecanary/arms/model.ts";
import { digest, modelUri } from "../../../builders/canary.ts";

function ofJob(name: string, created: string, digit: string): Model {
  return { digest: digest(digit), uri: modelUri(digit), origin: { type: "Job", name, created } };
}

const own: Model = { digest: digest("a"), origin: { type: "Template" } };
const pinned: Model = { digest: digest("f"), uri: modelUri("f"), origin: { type: "Spec" } };
const old = ofJob("job-1", "2026-01-01T00:00:00Z", "1");
const middle = ofJob("job-2", "2026-01-02T00:00:00Z", "2");
const newest = ofJob("job-3", "2026-01-03T00:00:00Z", "3");
const twin = ofJob("job-4", "2026-01-03T00:00:00Z", "4");

function choose(changes: Partial<ModelChoice>, blocked: readonly Model[] = []): Model {
  const isBlocked = (model: Model) => blocked.includes(model);
  return desiredModel({ spec: { fromJobs: {} }, own, jobs: [newest, old, middle], isBlocked, ...changes });
}

describe("the model that is wanted", () => {
  it.each([
    ["the template's own while nothing serves", choose({}), own],
    ["Git's, when it pins one", choose({ spec: { uri: modelUri("f"), digest: digest("f") }, stable: own }), pinned],
    ["that of the newest job", choose({ stable: own }), newest],
    [
      "that of the one whose name is last, of two of the same second",
      choose({ jobs: [twin, newest], stable: own }),
      twin,
    ],
    ["that of the newest job that is not rejected", choose({ stable: own }, [newest]), middle],
    ["never one older than stable's", choose({ stable: middle }, [newest]), middle],
    ["stable's own when its job was deleted", choose({ stable: newest, jobs: [old, middle] }), newest],
    [
      "newer than the job that has stable's digest, when Git pinned that",
      choose({ stable: { ...middle, origin: { type: "Spec" } } }),
      newest,
    ],
    [
      "the template's, as it is now, while stable is of the template",
      choose({ stable: { ...own, digest: digest("9") }, jobs: [] }),
      own,
    ],
    ["stable's, when Git no longer pins it and there is no job", choose({ stable: pinned, jobs: [] }), pinned],
  ])("is %s", (_, chosen, expected) => {
    expect(chosen).toEqual(expected);
  });
});
