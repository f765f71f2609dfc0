/** Text is its UTF-8 bytes, so that any text can be trained on; four more tokens mark the turns of a chat. */
export const VOCABULARY = 260;
export const PAD = 256;
const USER = 257;
const ASSISTANT = 258;
/** Ends an answer: what TRL calls EOS. */
export const END = 259;

export interface Turn {
  role: "user" | "assistant";
  content: string;
}

export function encodeText(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

// A byte order mark is a character like any other here: a text comes back as it was.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes that are no UTF-8 become U+FFFD; special tokens are left out. */
export function decode(tokens: readonly number[]): string {
  return decoder.decode(Uint8Array.from(tokens.filter((token) => token < 256)));
}

/** The turns, and the token after which the model answers. */
export function encodeConversation(turns: readonly Turn[]): number[] {
  const tokens = turns.flatMap(({ role, content }) =>
    role === "user" ? [USER, ...encodeText(content)] : [ASSISTANT, ...encodeText(content), END],
  );
  return [...tokens, ASSISTANT];
}

export function encodePrompt(prompt: string): number[] {
  return encodeConversation([{ role: "user", content: prompt }]);
}

export function encodeAnswer(answer: string): number[] {
  return [...encodeText(answer), END];
}
