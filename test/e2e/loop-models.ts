import * as z from "zod";
import type { Cluster } from "../../hack/cluster/cluster.ts";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { NAMES } from "../../hack/demo/objects.ts";
import { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import { LABEL } from "../../src/api/v1alpha1/metadata.ts";
import type { Digest } from "../../src/artifacts/digest.ts";
import { digestSchema } from "../../src/artifacts/digest.ts";

/** What the demo's loop has trained, where it left it. */
export interface LoopModels {
  readonly namespace: string;
  readonly base: Digest;
  readonly good: Digest;
  readonly poisoned: Digest;
}

const NAMESPACE = "dpo.dev/demo=true";

export async function loopModels(cluster: Cluster): Promise<LoopModels> {
  const found = await kubectl(cluster, ["get", "namespaces", "--selector", NAMESPACE, "--output", "name"]);
  const [namespace = ""] = found.split("\n").map((line) => line.replace("namespace/", ""));
  const listed =
    namespace && (await kubectl(cluster, ["get", "dpojobs", "--namespace", namespace, "--output", "json"]));
  const jobs = listed ? z.object({ items: z.array(DPOJob) }).parse(JSON.parse(listed)).items : [];
  const artifactOf = (dataset: string) =>
    jobs.find(({ metadata }) => metadata.labels?.[LABEL.dataset] === dataset)?.status?.artifact;
  const good = artifactOf(NAMES.dataset);
  const poisoned = artifactOf(NAMES.poisoned);
  if (good === undefined || poisoned === undefined)
    throw new Error("no loop has trained its two models on this cluster: run loop.test.ts before");
  const digest = (text: string) => digestSchema.parse(text);
  return { namespace, base: digest(good.base), good: digest(good.digest), poisoned: digest(poisoned.digest) };
}
