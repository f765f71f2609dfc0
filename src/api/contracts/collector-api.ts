/**
 * What the collector takes and gives, as JSON over HTTP. Requests are strict (a misspelt field is refused by name),
 * responses leave room for fields of later versions. Times are ISO 8601 in UTC, sequence numbers are positive
 * integers that grow in the order of commit over the whole store (one stream sees them with gaps).
 */
import * as z from "zod";

/** Characters of one text, records or reads of one request, bytes of one request body. */
export const LIMITS = {
  text: 100_000,
  reason: 1_000,
  name: 253,
  items: 1_000,
  leases: 100,
  beside: 10,
  reads: 250,
  body: 16 * 1024 * 1024,
};

/** The audience that a token needs to be heard by the collector, but for pairs to be posted. */
export const COLLECTOR_AUDIENCE = "dpo-collector";

/** With a token of this one pairs can be leased and judged, and nothing else. */
export const RATER_AUDIENCE = "dpo-rater";

/** With one of this pairs can be posted and comparisons read: what was not asked of both arms is no comparison of them. */
export const SAMPLER_AUDIENCE = "dpo-sampler";

/** All that the collector hears. */
export const AUDIENCES = [COLLECTOR_AUDIENCE, RATER_AUDIENCE, SAMPLER_AUDIENCE] as const;
export type Audience = (typeof AUDIENCES)[number];

/** Where a role of a canary finds the collector. */
export const CollectorAccess = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** A projected token with the role's audience; read again for every call, because the kubelet renews it. */
  tokenFile: z.string().min(1),
});
export type CollectorAccess = z.infer<typeof CollectorAccess>;

const Name = z
  .string()
  .min(1)
  .max(LIMITS.name)
  .refine(isStorable, { error: "must be well-formed text without U+0000" });
const Text = z.string().max(LIMITS.text).refine(isStorable, { error: "must be well-formed text without U+0000" });
const Reason = z.string().max(LIMITS.reason).refine(isStorable, { error: "must be well-formed text without U+0000" });
const Sequence = z.int().nonnegative();
const Time = z.iso.datetime();

/** A lone surrogate or a NUL would come back from a store or a Parquet file as something else than was sent. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

export const ErrorBody = z.object({
  error: z.object({ reason: z.string(), message: z.string(), path: z.string().optional() }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

/** Why one item of a batch was not taken; the other items of the batch are not touched by it. */
export const RejectedItem = z.object({
  index: z.int().nonnegative(),
  id: z.string().optional(),
  reason: z.string(),
  path: z.string(),
  message: z.string(),
});
export type RejectedItem = z.infer<typeof RejectedItem>;

// ---- preferences: POST, GET …/datasets/{dataset}/preferences, GET …/datasets/{dataset}/head

/**
 * `id` is the sender's idempotency key. Empty or equal texts are taken: what is a usable pair, the profile decides.
 * `training`: its prompt was chosen to learn from and not by chance, so that nothing is validated with it.
 */
export const PreferenceRecord = z.strictObject({
  id: Name,
  prompt: Text,
  chosen: Text,
  rejected: Text,
  labeler: Name.optional(),
  labeledAt: z.iso
    .datetime({ offset: true })
    .transform((time) => new Date(time).toISOString())
    .optional(),
  cohort: Name.optional(),
  training: z.literal(true).optional(),
});
export type PreferenceRecord = z.infer<typeof PreferenceRecord>;

export const PostPreferencesRequest = z.strictObject({
  records: z.array(PreferenceRecord).min(1).max(LIMITS.items),
});
export type PostPreferencesRequest = z.infer<typeof PostPreferencesRequest>;

/** `sequence`: the highest of the acknowledged records, new or duplicate; 0 when none was. */
export const PostPreferencesResponse = z.object({
  accepted: z.int().nonnegative(),
  duplicates: z.int().nonnegative(),
  rejected: z.array(RejectedItem),
  sequence: Sequence,
});
export type PostPreferencesResponse = z.infer<typeof PostPreferencesResponse>;

/** One line of the NDJSON stream, which has of each choice the newest version. `at`: when the collector acknowledged it. */
export const StoredPreference = z.object({
  sequence: Sequence,
  id: z.string(),
  at: Time,
  prompt: z.string(),
  chosen: z.string(),
  rejected: z.string(),
  labeler: z.string().nullable(),
  labeledAt: Time.nullable(),
  cohort: z.string().nullable(),
  training: z.literal(true).optional(),
});
export type StoredPreference = z.infer<typeof StoredPreference>;

/**
 * `sequence`: of the newest preference, or of the newest correction that took one away; 0 without any. `preferences`: how
 * many there are, each in its newest version. `newer`: how many came after the one asked about, corrections included.
 */
export const DatasetHead = z.object({
  sequence: Sequence,
  preferences: z.int().nonnegative(),
  newer: z.int().nonnegative(),
});
export type DatasetHead = z.infer<typeof DatasetHead>;

// ---- pairs to be judged: POST …/datasets/{dataset}/pairs, …/pairs/lease, …/choices

/** What an arm made of the prompt: its text, or why there is none. */
export const ArmAnswer = z.union(
  [z.strictObject({ revision: Name, text: Text }), z.strictObject({ revision: Name, error: Reason })],
  {
    error: `give a revision and either a text (at most ${LIMITS.text} characters) or an error (at most ${LIMITS.reason})`,
  },
);
export type ArmAnswer = z.infer<typeof ArmAnswer>;

/**
 * With a candidate: stable and candidate. Without one: stable was asked twice, its second answer is `other`. `baseline`: it
 * was not stable that was asked, but a Service that the candidate is compared with instead: `stable` has its answer, with the
 * name by which these comparisons are read for a revision. One that it does not give says nothing of the candidate. `cohort`: the
 * group that whoever sent the request said it is of. `margin`: what the candidate's model makes of the two answers, as its
 * implicit reward for its own less that for stable's, in nats (DPO: beta times the log ratios to the reference model).
 * `beside`: other revisions that are compared with stable by turns with this one, so that its pairs are no newer than theirs.
 * `training`: its prompt was chosen to learn from and not by chance, so that it is no comparison and waits behind those.
 */
export const PostPairRequest = z
  .strictObject({
    id: Name,
    canary: Name,
    prompt: Text.min(1),
    cohort: Name.optional(),
    margin: z.number().optional(),
    stable: ArmAnswer,
    candidate: ArmAnswer.optional(),
    other: ArmAnswer.optional(),
    baseline: z.literal(true).optional(),
    training: z.literal(true).optional(),
    beside: z.array(Name).max(LIMITS.beside).optional(),
  })
  .superRefine((pair, context) => {
    if ((pair.candidate === undefined) === (pair.other === undefined)) {
      context.addIssue({ code: "custom", path: ["candidate"], message: "give either candidate or other, not both" });
    } else if (pair.candidate !== undefined && pair.candidate.revision === pair.stable.revision) {
      const message = "is stable's own revision; without a candidate send stable's second answer as other";
      context.addIssue({ code: "custom", path: ["candidate", "revision"], message });
    } else if (pair.other !== undefined && pair.other.revision !== pair.stable.revision) {
      const message = "must be stable's revision; another revision's answer is sent as candidate";
      context.addIssue({ code: "custom", path: ["other", "revision"], message });
    } else if (pair.baseline && pair.other !== undefined) {
      const message = "is compared with a candidate: leave it out where stable is asked twice";
      context.addIssue({ code: "custom", path: ["baseline"], message });
    } else if (pair.training && pair.candidate !== undefined) {
      const message =
        "is no comparison: leave it out, or send stable's second answer as other in place of a candidate's";
      context.addIssue({ code: "custom", path: ["training"], message });
    } else if (pair.margin !== undefined && !(pair.candidate && "text" in pair.candidate && "text" in pair.stable)) {
      const message = "is of two answers, of which one is the candidate's: leave it out where there is no such text";
      context.addIssue({ code: "custom", path: ["margin"], message });
    }
  });
export type PostPairRequest = z.infer<typeof PostPairRequest>;

/**
 * `queued` is false with the reason Identical (nothing to choose), Failed (no arm answered, or one of two of stable's, or no
 * baseline), Decided (one arm answered, the other did not: a comparison at once, with its `sequence` and `at`) or QueueFull.
 */
export const PostPairResponse = z.object({
  queued: z.boolean(),
  reason: z.enum(["Identical", "Failed", "Decided", "QueueFull"]).optional(),
  sequence: Sequence.optional(),
  at: Time.optional(),
});
export type PostPairResponse = z.infer<typeof PostPairResponse>;

/** `canary`: only pairs of this one; those of the dataset where unset. */
export const LeaseRequest = z.strictObject({
  labeler: Name,
  canary: Name.optional(),
  count: z.int().min(1).max(LIMITS.leases),
  seconds: z.int().min(1).max(3_600),
});
export type LeaseRequest = z.infer<typeof LeaseRequest>;

/** Blind: neither revisions nor which answer is whose. */
export const BlindPair = z.object({
  id: z.string(),
  lease: z.string(),
  prompt: z.string(),
  a: z.string(),
  b: z.string(),
  expiresAt: Time,
});
export type BlindPair = z.infer<typeof BlindPair>;

export const LeaseResponse = z.object({ pairs: z.array(BlindPair) });
export type LeaseResponse = z.infer<typeof LeaseResponse>;

/**
 * `id` is the sender's idempotency key; `pair` and `lease` as they were leased to this labeler. Another choice under a new
 * id, of the lease by which the pair was judged, corrects it: that is the next version, and the first one stays the bet.
 * `choice`: a number is the probability that A is the better answer, as a judge that says its own may have it: 0.5 is a tie.
 */
export const Choice = z.strictObject({
  id: Name,
  pair: Name,
  lease: Name,
  labeler: Name,
  choice: z.union([z.enum(["A", "B", "Tie"]), z.number().min(0).max(1)], {
    error: 'must be "A", "B", "Tie", or the probability from 0 to 1 that A is the better answer',
  }),
});
export type Choice = z.infer<typeof Choice>;

export const PostChoicesRequest = z.strictObject({ choices: z.array(Choice).min(1).max(LIMITS.items) });
export type PostChoicesRequest = z.infer<typeof PostChoicesRequest>;

/** An item that is stored. A duplicate is acknowledged with the sequence and time of its original. */
export const AcknowledgedItem = z.object({
  index: z.int().nonnegative(),
  id: z.string(),
  result: z.enum(["Accepted", "Duplicate"]),
  sequence: Sequence,
  at: Time,
});
export type AcknowledgedItem = z.infer<typeof AcknowledgedItem>;

/** `results`: what is stored, in the order of the request; `rejected`: the rest. `sequence`: the highest of results. */
export const PostItemsResponse = z.object({
  results: z.array(AcknowledgedItem),
  rejected: z.array(RejectedItem),
  sequence: Sequence,
  at: Time,
});
export type PostItemsResponse = z.infer<typeof PostItemsResponse>;

// ---- evidence: GET …/canaries/{canary}/comparisons, …/answers, GET and POST …/checks

/** Where a reader of evidence is: the last record it has folded; null at the beginning. */
export const Cursor = z.object({ sequence: z.int().positive(), id: z.string().min(1) });
export type Cursor = z.infer<typeof Cursor>;

/**
 * One verdict between two revisions: 1 for the candidate, 0 for stable, 0.5 for a tie, and anything between where somebody said
 * how probable it is that the candidate's answer is better. `unit`: sha256 of the prompt, in
 * hex. `vote`: 1 for the unit's first comparison of these two revisions, 2 for the second … `raterVote`: the same of the
 * labeler's. Both it and `labeler` are null where nobody chose, since one arm failed to answer. `cohort`: the pair's.
 * `margin`: likewise, where it has one. `corrects`: this is a later version of the comparison with that sequence, whose
 * labeler chose again; it has that one's numbers, and is no vote of its own.
 */
export const Comparison = z.object({
  sequence: z.int().positive(),
  id: z.string(),
  at: Time,
  outcome: z.number().min(0).max(1),
  unit: z.string().regex(/^[0-9a-f]{64}$/),
  vote: z.int().positive(),
  raterVote: z.int().positive().nullable(),
  labeler: z.string().nullable(),
  cohort: z.string().nullable(),
  margin: z.number().exactOptional(),
  corrects: z.int().positive().exactOptional(),
});
export type Comparison = z.infer<typeof Comparison>;

/** `head`: sequence of the newest record of this stream, 0 without any. */
export const ComparisonPage = z.object({ records: z.array(Comparison), head: Sequence });
export type ComparisonPage = z.infer<typeof ComparisonPage>;

/** Answers of the candidate arm. */
export const AnswerList = z.object({
  answers: z.array(z.object({ id: z.string(), prompt: z.string(), text: z.string() })),
});
export type AnswerList = z.infer<typeof AnswerList>;

/**
 * A safety verdict on one answer. `id` is the sender's idempotency key. Another verdict on the answer, of whomever, corrects
 * the one before: that is the next version, and the first one stays what gates.safety counts.
 */
export const Check = z.strictObject({
  id: Name,
  answer: Name,
  violation: z.boolean(),
  checker: Name,
  reason: Reason.optional(),
});
export type Check = z.infer<typeof Check>;

export const PostChecksRequest = z.strictObject({ checks: z.array(Check).min(1).max(LIMITS.items) });
export type PostChecksRequest = z.infer<typeof PostChecksRequest>;

export const CheckRecord = z.object({
  sequence: z.int().positive(),
  id: z.string(),
  at: Time,
  answer: z.string(),
  violation: z.boolean(),
  corrects: z.int().positive().exactOptional(),
});
export type CheckRecord = z.infer<typeof CheckRecord>;

export const CheckPage = z.object({ records: z.array(CheckRecord), head: Sequence });
export type CheckPage = z.infer<typeof CheckPage>;

// ---- what other systems answered: POST …/canaries/{canary}/asked, for the operator

/**
 * What another system said when the operator asked it for a gate, at a time that is numbered from 1; without `said` it had nothing to
 * say. `at`: the moment that it was asked about.
 */
export const AskedAnswer = z.strictObject({
  sequence: z.int().positive(),
  id: z.string().min(1).max(128),
  at: Time,
  said: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("Metric"), value: z.number(), stable: z.number().exactOptional() }),
      z.strictObject({
        type: z.literal("Webhook"),
        verdict: z.enum(["Pass", "Fail", "Undecided"]),
        message: z.string().max(LIMITS.text),
      }),
    ])
    .exactOptional(),
});
export type AskedAnswer = z.infer<typeof AskedAnswer>;

/**
 * Kept for the archive of the run that `candidate` began to be asked about at `since`. A time that is told again is what it was told
 * last: of two processes that asked, the later one folds it.
 */
export const PostAskedRequest = z.strictObject({
  candidate: Name,
  since: Time,
  gate: Name,
  answers: z.array(AskedAnswer).min(1).max(LIMITS.items),
});
export type PostAskedRequest = z.infer<typeof PostAskedRequest>;

export const PostAskedResponse = z.object({ answers: z.int().nonnegative() });
export type PostAskedResponse = z.infer<typeof PostAskedResponse>;

// ---- news: GET /v1/news, for those who may read every namespace

export const EvidenceStream = z.enum(["comparisons", "checks", "ratings"]);
export type EvidenceStream = z.infer<typeof EvidenceStream>;

/**
 * One line of a stream that does not end by itself: canaries of which there is new evidence, once for each stream that
 * has some; any of them may where none is named. The first line comes once nothing more can be missed, and later ones at
 * the latest every NEWS_SECONDS, without a canary where there is no news.
 */
export const News = z.object({
  canaries: z.array(z.object({ namespace: z.string(), canary: z.string(), stream: EvidenceStream.exactOptional() })),
});
export type News = z.infer<typeof News>;

export const NEWS_SECONDS = 5;

// ---- ratings: GET and POST …/canaries/{canary}/ratings

/**
 * What somebody thought of one answer that they were served: `value` from 0 (bad) to 1 (good), so that thumbs are 0 and
 * 1. `revision`: the one that answered, as its response header x-dpo-arm said. `rater`: the same name for the same
 * person, who is one unit however much they rate; only its hash is kept. `id` is the sender's idempotency key.
 */
export const Rating = z.strictObject({
  id: Name,
  revision: Name,
  rater: Name,
  value: z.number().min(0).max(1),
  cohort: Name.optional(),
});
export type Rating = z.infer<typeof Rating>;

export const PostRatingsRequest = z.strictObject({ ratings: z.array(Rating).min(1).max(LIMITS.items) });
export type PostRatingsRequest = z.infer<typeof PostRatingsRequest>;

/** `unit`: sha256 of the rater, in hex. `vote`: 1 for the unit's first rating of this revision in this stream … */
export const RatingRecord = z.object({
  sequence: z.int().positive(),
  id: z.string(),
  at: Time,
  revision: z.string(),
  outcome: z.number().min(0).max(1),
  unit: z.string().regex(/^[0-9a-f]{64}$/),
  vote: z.int().positive(),
});
export type RatingRecord = z.infer<typeof RatingRecord>;

/**
 * The stream of a candidate and a stable: the candidate's ratings, from `since` on where that is asked for, and those of
 * stable since the first of them. What was said before is of other days, or came before the candidate served, and whoever
 * said it may say it again.
 */
export const RatingPage = z.object({ records: z.array(RatingRecord), head: Sequence });
export type RatingPage = z.infer<typeof RatingPage>;

// ---- evidence of many canaries in one request: POST /v1/evidence, for those who may read every namespace

/**
 * One stream, after the cursor. `stable` says nothing about checks, which are the candidate's alone; `since` is of ratings,
 * as above.
 */
export const EvidenceRead = z.strictObject({
  namespace: Name,
  canary: Name,
  stream: EvidenceStream,
  candidate: Name,
  stable: Name,
  since: Time.exactOptional(),
  cursor: Cursor.nullable(),
  limit: z.int().min(1).max(LIMITS.items),
});
export type EvidenceRead = z.infer<typeof EvidenceRead>;

export const EvidenceRequest = z.strictObject({ reads: z.array(EvidenceRead).min(1).max(LIMITS.reads) });
export type EvidenceRequest = z.infer<typeof EvidenceRequest>;

/** The parts of records that gates read, and no more: whoever follows a thousand canaries keeps tens of thousands of them. */
export const GatedComparison = Comparison.omit({ unit: true, labeler: true });
export type GatedComparison = z.infer<typeof GatedComparison>;
export const GatedCheck = CheckRecord.omit({ answer: true });
export type GatedCheck = z.infer<typeof GatedCheck>;

/** One line for each read, in their order: the page of its stream, as its GET gives it, or why there is none; the other reads have theirs. */
export const EvidenceAnswer = z.union([
  z.object({ comparisons: ComparisonPage.extend({ records: z.array(GatedComparison) }) }),
  z.object({ checks: CheckPage.extend({ records: z.array(GatedCheck) }) }),
  z.object({ ratings: RatingPage }),
  ErrorBody,
]);
export type EvidenceAnswer = z.infer<typeof EvidenceAnswer>;
