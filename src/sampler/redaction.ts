import { RE2JS } from "re2js";
import { type ArmAnswer, LIMITS, type PostPairRequest } from "../api/contracts/collector-api.ts";
import type { SamplerConfig } from "../api/contracts/sampler.ts";
import type { Clock } from "../runtime/clock.ts";
import { storableText } from "./storable-text.ts";

/** A pair as it may leave the sampler; undefined when that took too long, and the pair must not leave it at all. */
export type Redact = (pair: PostPairRequest) => PostPairRequest | undefined;

export interface RedactionDependencies {
  readonly clock: Clock;
  /** Told how often a rule has replaced something. */
  readonly count: (rule: string, times: number) => void;
}

interface Rule {
  readonly name: string;
  readonly regex: RE2JS;
  readonly replacement: string;
}

/**
 * A search takes time in proportion to the text, whatever the pattern: that is what RE2 is for. Many matches may each
 * need a search up to the end of it, though, hence a limit for a pair.
 */
const LIMIT_MS = 500;

/**
 * Applies the rules, one after the other, to the prompt and to both answers, or what is told of their failure. Equal texts
 * stay equal, so that two answers that differ in nothing but what is replaced are identical afterwards.
 */
export function createRedaction(rules: SamplerConfig["redact"], { clock, count }: RedactionDependencies): Redact {
  const compiled = rules.map(compile);

  return ({ stable, candidate, other, ...pair }) => {
    const deadline = clock.monotonic() + LIMIT_MS;
    const isLate = () => clock.monotonic() > deadline;
    try {
      const redact = (text: string) => compiled.reduce((before, rule) => replaced(before, rule, isLate, count), text);
      return {
        ...pair,
        prompt: redact(pair.prompt),
        stable: inAnswer(stable, redact),
        ...(candidate && { candidate: inAnswer(candidate, redact) }),
        ...(other && { other: inAnswer(other, redact) }),
      };
    } catch (error) {
      if (error instanceof TooSlow) return undefined;
      throw error;
    }
  };
}

function compile({ name, pattern, replacement }: SamplerConfig["redact"][number]): Rule {
  try {
    return { name, regex: RE2JS.compile(pattern), replacement };
  } catch (cause) {
    throw new Error(`redact: the pattern of ${name} is none of RE2: ${(cause as Error).message}`, { cause });
  }
}

class TooSlow extends Error {
  override readonly name = "TooSlow";
}

function inAnswer(answer: ArmAnswer, redact: (text: string) => string): ArmAnswer {
  const { revision } = answer;
  if ("text" in answer) return { revision, text: redact(answer.text) };
  return { revision, error: storableText(redact(answer.error).slice(0, LIMITS.reason)) };
}

function replaced(
  text: string,
  { name, regex, replacement }: Rule,
  isLate: () => boolean,
  count: RedactionDependencies["count"],
): string {
  const matcher = regex.matcher(text);
  const parts: string[] = [];
  let end = 0;
  while (matcher.find()) {
    if (isLate()) throw new TooSlow();
    parts.push(text.slice(end, matcher.start()), replacement);
    end = matcher.end();
  }
  // A search that finds nothing takes its time as well.
  if (isLate()) throw new TooSlow();
  count(name, parts.length / 2);
  return parts.join("") + text.slice(end);
}
