import type { InvalidExample, ProfileOutcome } from "../api/contracts/profile.ts";

/** What a termination log keeps. */
const maxBytes = 4096;
/** Even if JSON needs six bytes for each character, the counts still fit beside it. */
const maxMessage = 512;
const maxWhere = 80;

/** The first example of each reason, cut to what a status can show; the report has more. */
export function fewExamples(examples: readonly InvalidExample[]): InvalidExample[] {
  const firsts = new Map<string, InvalidExample>();
  for (const example of examples) {
    if (!firsts.has(example.reason)) firsts.set(example.reason, { ...example, where: cut(example.where, maxWhere) });
  }
  return [...firsts.values()];
}

/** The termination log's text, never longer than Kubernetes keeps: half a JSON would say nothing. */
export function encodeOutcome(outcome: ProfileOutcome): string {
  const short =
    "error" in outcome
      ? { ...outcome, error: { ...outcome.error, message: cut(outcome.error.message, maxMessage) } }
      : outcome;
  const text = JSON.stringify(short);
  return Buffer.byteLength(text) <= maxBytes ? text : JSON.stringify({ ...short, examples: [] });
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
