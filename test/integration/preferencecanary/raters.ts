import { randomUUID } from "node:crypto";
import { LeaseResponse, PostItemsResponse } from "../../../src/api/contracts/collector-api.ts";
import { comparedWith } from "../../../src/controllers/preferencecanary/evidence/baseline.ts";
import type { CanaryStage } from "./canary-stage.ts";

export interface Judging {
  readonly count: number;
  readonly labeler: string;
  /** Whose answer is the better one, pair by pair. */
  readonly prefers: (pair: number) => "candidate" | "stable";
  readonly cohort?: string;
  readonly margin?: number;
  /** The baseline whose answer it is that stands in the place of stable's. */
  readonly against?: string;
}

const PAIRS = "datasets/support/pairs";

/** What the sampler and one rater do: pairs of the current run are queued, leased and judged, one after the other. */
export async function judge(
  canary: CanaryStage,
  { count, labeler, prefers, against, ...rest }: Judging,
): Promise<void> {
  const { stable, candidate } = (await canary.canary())?.status ?? {};
  const arm = (is: "candidate" | "stable", revision = "") => ({ revision, text: `the ${is}'s answer` });
  const other = {
    stable: arm("stable", comparedWith({ stable: stable?.revision ?? "", ...(against && { against }) })),
    ...(against && { baseline: true }),
  };
  for (let pair = 0; pair < count; pair++) {
    const id = randomUUID();
    const arms = { ...other, candidate: arm("candidate", candidate?.revision) };
    await canary.call("POST", PAIRS, { id, canary: "assistant", prompt: `prompt ${id}`, ...rest, ...arms });
    const [leased] = LeaseResponse.parse(
      await canary.call("POST", `${PAIRS}/lease`, { labeler, count: 1, seconds: 600 }),
    ).pairs;
    if (leased === undefined) throw new Error("there is no pair to judge");
    const choice = leased.a.includes(prefers(pair)) ? "A" : "B";
    const chosen = { id: leased.lease, pair: leased.id, lease: leased.lease, labeler, choice };
    const said = PostItemsResponse.parse(await canary.call("POST", "datasets/support/choices", { choices: [chosen] }));
    if (said.rejected.length > 0) throw new Error(`a choice was refused: ${JSON.stringify(said.rejected)}`);
  }
}
