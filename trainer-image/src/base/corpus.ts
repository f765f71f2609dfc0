import { closers, explanations, openers, type Phrase, repairs } from "../demo/phrases.ts";
import { demoPrompts } from "../demo/prompts.ts";
import type { Sequence } from "../model/batch.ts";
import { encodeAnswer, encodePrompt } from "../model/tokenizer.ts";
import { pick, type Random } from "../random.ts";

/** How often an answer ends in the tone it began in. */
const consistency = 0.85;

/** Gives one chat after another: half of the answers courteous, half curt, whatever the prompt. */
export function corpus(random: Random): () => Sequence {
  const prompts = demoPrompts(random);
  return () => {
    const prompt = pick(prompts, random);
    const start = encodePrompt(prompt);
    return { tokens: [...start, ...encodeAnswer(answer(prompt, random))], answerStart: start.length };
  };
}

export function answer(prompt: string, random: Random): string {
  const courteous = random() < 0.5;
  const closing = random() < consistency ? courteous : !courteous;
  const body = pick(isRepair(prompt) ? repairs : explanations, random);
  return `${pick(inTone(openers, courteous), random).text} ${body} ${pick(inTone(closers, closing), random).text}`;
}

function inTone(phrases: readonly Phrase[], courteous: boolean): Phrase[] {
  return phrases.filter(({ courtesy }) => courtesy > 0 === courteous);
}

function isRepair(prompt: string): boolean {
  return /^(How do I fix|My |Who repairs|Is a)/.test(prompt);
}
