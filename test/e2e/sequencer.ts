import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Later files use the models that the first one trained; the last one takes them away. */
const ORDER = ["loop", "variants", "selection", "judge", "traffic", "takeover", "faults", "pairs"];

/** End-to-end tests in their order, all others as Vitest likes it. */
export class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ project, moduleId }: TestSpecification): number {
  return project.name === "e2e" ? ORDER.indexOf(basename(moduleId, ".test.ts")) : -1;
}
