import type { BlindPair, PreferenceRecord } from "../../src/api/contracts/collector-api.ts";
import { NAMES } from "./objects.ts";
import { postPreferences } from "./post-preferences.ts";
import type { Workspace } from "./prepare.ts";
import { judge } from "./raters.ts";

/**
 * What raters of the opposite taste say about pairs that were judged before, posted as preferences through the same
 * intake. Their model learns exactly what it is told: only the raters of the canary can find out that it is bad.
 */
export async function postOpposite(
  workspace: Workspace,
  pairs: readonly BlindPair[],
  random: () => number,
): Promise<void> {
  const records = pairs.flatMap((pair) => opposite(pair, random));
  await postPreferences(workspace, NAMES.poisoned, records);
}

/** None where they like both alike. */
export function opposite(pair: Pick<BlindPair, "id" | "prompt" | "a" | "b">, random: () => number): PreferenceRecord[] {
  const choice = judge(pair, "Curt", random);
  if (choice === "Tie") return [];
  const [chosen, rejected] = choice === "A" ? [pair.a, pair.b] : [pair.b, pair.a];
  return [
    { id: pair.id, prompt: pair.prompt, chosen, rejected, labeler: "contrary", labeledAt: new Date().toISOString() },
  ];
}
