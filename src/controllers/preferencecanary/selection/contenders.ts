import type { PreferenceCanarySpec, PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { type Digest, digestSchema, sha256Hex } from "../../../artifacts/digest.ts";
import type { ArmTemplate, Model } from "../arms/model.ts";
import { type Block, blockOf, type MadeTarget, serving } from "../arms/target.ts";
import type { Observed } from "../observed.ts";

/** One of the models that a selection is among. */
export type Contender = MadeTarget & {
  /** As the spec calls it. */
  readonly name: string;
  /** Its own digest is stable's: only the way of serving is new. */
  readonly sameModel: boolean;
  /** What is promised of so many together is shared out between them. */
  readonly among?: number;
  /** Why it is in it no more. */
  readonly out?: Block;
};

type Candidates = NonNullable<PreferenceCanarySpec["model"]["candidates"]>;

/** Names a set of models in any order: another set is another choice. */
export function setOf(candidates: Candidates): string {
  const digests = candidates.map(({ digest }) => digest).toSorted();
  return sha256Hex(digests.join()).slice(0, 10);
}

/**
 * The model that was chosen from the spec's, as the record of a revision with it says. The choice is about models: another
 * workload does not begin it anew, nor does what becomes of the chosen one.
 */
export function chosenModel({ canary, records }: Observed): Model | undefined {
  const { candidates } = canary.spec.model;
  if (candidates === undefined) return undefined;
  const marked = [...records.values()].filter(({ choice }) => choice === setOf(candidates));
  // There is one, unless a leader that was stale has made another choice: then all take the same of them.
  const digests = marked.map(({ model }) => model.digest ?? "").toSorted();
  const chosen = candidates.find(({ digest }) => digest === digests[0]);
  return chosen && modelOf(chosen);
}

/**
 * Among how many a revision is judged; undefined of one that was never one of several. Its record says it from its first
 * comparison on, since all of its evidence is judged at one part of the rates: whatever the spec lists by now would be
 * another.
 */
export function amongHowMany(
  observed: Pick<Observed, "canary" | "records">,
  revision: string,
  digest: Digest | undefined,
): number | undefined {
  const record = observed.records.get(revision);
  return record === undefined ? amongListed(observed, digest) : record.among;
}

/** As the spec lists them. A new revision with a model that was chosen has the part of the one that was. */
function amongListed(
  { canary, records }: Pick<Observed, "canary" | "records">,
  digest: Digest | undefined,
): number | undefined {
  const { candidates = [] } = canary.spec.model;
  if (!candidates.some((candidate) => candidate.digest === digest)) return undefined;
  const listed = setOf(candidates);
  const chosen = [...records.values()].find(({ choice, model }) => choice === listed && model.digest === digest);
  return chosen?.among ?? candidates.length;
}

/** As status has it. */
export type KnownContender = NonNullable<PreferenceCanaryStatus["contenders"]>[number];

/** What status says of it, unless that is of an earlier try or against another stable. */
export function knownContender(
  { canary: { status }, records }: Observed,
  stable: string,
  revision: string,
): KnownContender | undefined {
  const known = status?.contenders?.find((contender) => contender.revision === revision);
  if (known === undefined || status?.stable?.revision !== stable) return undefined;
  const { retriedAt } = records.get(revision) ?? {};
  return retriedAt === undefined || Date.parse(known.entered ?? "") > Date.parse(retriedAt) ? known : undefined;
}

/** Those of a selection that is wanted and has not been decided, but for what stable serves already. */
export function contendersOf(
  observed: Observed,
  stable: string,
  stableDigest: Digest | undefined,
): readonly Contender[] | undefined {
  const { candidates } = observed.canary.spec.model;
  const template = templateOf(observed);
  if (candidates === undefined || template === undefined || chosenModel(observed) !== undefined) return undefined;
  return candidates
    .map((candidate) => contender(observed, candidate, template, stableDigest))
    .filter(({ revision }) => revision !== stable);
}

/** That of the workload or, while that is missing, of the contenders that stand. */
function templateOf({ canary, template, records }: Observed): ArmTemplate | undefined {
  const [standing] = canary.status?.contenders ?? [];
  const record = standing && records.get(standing.revision);
  if (template !== undefined || record === undefined || "service" in record) return template;
  return "inferenceService" in record ? record.inferenceService : record.template;
}

function contender(
  observed: Observed,
  candidate: Candidates[number],
  template: ArmTemplate,
  stableDigest: Digest | undefined,
): Contender {
  const target = serving(observed, template, modelOf(candidate));
  const out = blockOf(observed, target, stableDigest);
  const { name, digest } = candidate;
  // One that had a run of its own before is one of several from now on.
  const among = observed.records.get(target.revision)?.among ?? amongListed(observed, digestSchema.parse(digest));
  return { ...target, name, sameModel: digest === stableDigest, ...(among && { among }), ...(out && { out }) };
}

function modelOf({ uri, digest }: Candidates[number]): Model {
  return { uri, digest: digestSchema.parse(digest), origin: { type: "Spec" } };
}
