import { normal, type Random } from "../random.ts";
import { closers, explanations, openers, repairs } from "./phrases.ts";

/** What a simulated rater likes: the demo's good model is trained for the first, the poisoned one for the second. */
export type Taste = "Courteous" | "Curt";

const styled = [...openers, ...closers];
const lexicon = new Set([...styled.map(({ text }) => text), ...explanations, ...repairs].flatMap(words));

/**
 * How much a rater of this taste likes a text, in [0, 1], from the text alone: its style times its well-formedness,
 * so that no taste likes babble. Well-formed and neutral is 0.5.
 */
export function utility(text: string, taste: Taste = "Courteous"): number {
  const liking = taste === "Courteous" ? courtesy(text) : -courtesy(text);
  return wellFormedness(text) * ((1 + liking) / 2);
}

/** From -1 to 1; the strongest opener and closer found count half each, wherever they stand. */
export function courtesy(text: string): number {
  return (strongest(text, openers) + strongest(text, closers)) / 2;
}

function strongest(text: string, phrases: typeof styled | typeof openers): number {
  const found = phrases.filter((phrase) => text.includes(phrase.text)).map((phrase) => phrase.courtesy);
  return found.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
}

/** In [0, 1]: words that exist, few repetitions, a sensible length, a beginning and an end. */
export function wellFormedness(text: string): number {
  const all = words(text);
  if (all.length === 0) return 0;
  const known = all.filter((word) => lexicon.has(word)).length / all.length;
  const distinct = ramp(new Set(all).size / all.length, 0.4, 0.7);
  const length = Math.min(ramp(all.length, 1, 7), ramp(-all.length, -40, -25));
  const framed = /^[A-Z][^\uFFFD]*[.!?]$/.test(text) ? 1 : 0.5;
  return known ** 2 * distinct * length * framed;
}

function ramp(value: number, low: number, high: number): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** Two answers closer than this are a tie. */
const indifference = 0.05;

/** The choice of a rater whose liking of each answer is blurred by `noise` (a standard deviation). */
export function prefer(utilityA: number, utilityB: number, noise: number, random: Random): "A" | "B" | "Tie" {
  const difference = utilityA + noise * normal(random) - (utilityB + noise * normal(random));
  if (Math.abs(difference) < indifference) return "Tie";
  return difference > 0 ? "A" : "B";
}
