import { z } from "zod";
import type { Turn } from "../model/tokenizer.ts";

const content = z.union([
  z.string(),
  z
    .array(z.object({ type: z.literal("text", "this model reads text only"), text: z.string() }))
    .transform((parts) => parts.map(({ text }) => text).join("")),
]);

/** What is read of OpenAI's request; fields it does not know are ignored, as OpenAI-compatible servers do. */
export const chatRequestSchema = z.object({
  messages: z.array(z.object({ role: z.enum(["system", "developer", "user", "assistant"]), content })).min(1),
  seed: z.int().optional(),
  temperature: z.number().min(0).max(2).optional(),
  logprobs: z.boolean().nullish(),
  max_tokens: z.int().min(1).optional(),
  max_completion_tokens: z.int().min(1).optional(),
  stream: z.literal(false, "streaming is not supported: leave it out").nullish(),
});

export type ChatRequest = z.infer<typeof chatRequestSchema>;

/** The model knows two roles: instructions of the system stand before what the user says next. */
export function turnsOf({ messages }: ChatRequest): Turn[] {
  const turns: Turn[] = [];
  const instructions: string[] = [];
  for (const { role, content: text } of messages) {
    if (role === "assistant") turns.push({ role, content: text });
    else if (role === "user") turns.push({ role, content: [...instructions.splice(0), text].join("\n") });
    else instructions.push(text);
  }
  if (instructions.length > 0) turns.push({ role: "user", content: instructions.join("\n") });
  return turns;
}
