import { randomUUID } from "node:crypto";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { createHttpClient, type HttpClient } from "../../hack/demo/http-client.ts";
import { HOSTS, NAMES } from "../../hack/demo/objects.ts";
import {
  type BlindPair,
  LeaseResponse,
  PostItemsResponse,
  SAMPLER_AUDIENCE,
} from "../../src/api/contracts/collector-api.ts";
import type { Scene } from "./scene.ts";
import { status } from "./scene.ts";

/** More than any clear case needs. */
const COMPARISONS = 40;
const SECONDS = 60;

/** Pairs of the run that is under way, as its sampler posts them, all of them judged for the same arm. */
export async function decide(scene: Scene, winner: "Stable" | "Candidate"): Promise<void> {
  const run = await status(scene, 60_000, ({ stable, candidate }) => stable && candidate && { stable, candidate });
  const arm = (name: "stable" | "candidate", number: number) => ({
    revision: run[name].revision,
    text: `${name === winner.toLowerCase() ? "better" : "worse"} ${number}`,
  });
  const sampler = await asSampler(scene);
  for (let number = 0; number < COMPARISONS; number += 1) {
    const id = randomUUID();
    const answers = { stable: arm("stable", number), candidate: arm("candidate", number) };
    await post(scene, "pairs", { id, canary: NAMES.canary, prompt: `prompt ${id}`, ...answers }, sampler);
  }
  await sampler.close();
  const labeler = randomUUID();
  const leased = await post(scene, "pairs/lease", { labeler, count: COMPARISONS, seconds: SECONDS });
  const choices = LeaseResponse.parse(leased).pairs.map((pair) => choose(pair, labeler));
  const { results } = PostItemsResponse.parse(await post(scene, "choices", { choices }));
  if (results.length < COMPARISONS) throw new Error(`only ${results.length} of ${COMPARISONS} choices were taken`);
}

function choose({ id: pair, lease, a }: BlindPair, labeler: string) {
  return { id: randomUUID(), pair, lease, labeler, choice: a.startsWith("better") ? "A" : "B" };
}

/** Nobody else may post pairs. */
async function asSampler({ cluster, namespace }: Scene): Promise<HttpClient> {
  const args = ["create", "token", "people", "--namespace", namespace, "--audience", SAMPLER_AUDIENCE];
  return createHttpClient(cluster.gatewayUrl, HOSTS.collector, (await kubectl(cluster, args)).trim());
}

async function post(
  { workspace }: Scene,
  what: string,
  body: unknown,
  as: HttpClient = workspace.collector,
): Promise<unknown> {
  const path = `/v1/namespaces/${workspace.namespace}/datasets/${NAMES.dataset}/${what}`;
  const answer = await as.send("POST", path, body);
  if (answer.status !== 200) throw new Error(`the collector answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
