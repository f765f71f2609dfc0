import type { PairTexts } from "../pair-fault.ts";

/** Where an answer begins in the texts of Anthropic's hh-rlhf. */
const assistantTurn = "\n\nAssistant:";

/** Whether both texts are hh-rlhf's transcripts, `\n\nHuman: … \n\nAssistant: …`. */
export function areTranscripts(chosen: string, rejected: string): boolean {
  return chosen.includes(assistantTurn) && rejected.includes(assistantTurn);
}

/**
 * The prompt that two whole texts begin with in common. In transcripts it ends where the last common answer begins,
 * since two answers may begin alike; elsewhere, as TRL's extract_prompt has it, where the texts part, and a space
 * before that place belongs to the answers.
 */
export function impliedPrompt(chosen: string, rejected: string): PairTexts {
  const common = commonLength(chosen, rejected);
  const turn = chosen.slice(0, common).lastIndexOf(assistantTurn);
  let end = common;
  if (turn !== -1) end = turn + assistantTurn.length;
  else if (chosen[common - 1] === " ") end = common - 1;
  return { prompt: chosen.slice(0, end), chosen: chosen.slice(end), rejected: rejected.slice(end) };
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  // A character outside the basic plane is two code units: half of one is no text.
  return a.slice(0, length).isWellFormed() ? length : length - 1;
}
