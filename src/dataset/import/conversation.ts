import * as z from "zod";

const messageSchema = z.object({ role: z.string(), content: z.string() });

const conversationSchema = z.array(messageSchema).min(1);

export type Conversation = z.infer<typeof conversationSchema>;

/** A list of `{role, content}` messages, as TRL's conversational form has it; undefined for anything else. */
export function asConversation(value: unknown): Conversation | undefined {
  return conversationSchema.safeParse(value).data;
}

/** One message is its content; several need their roles to be understood. */
export function conversationText(messages: Conversation): string {
  const [only, ...others] = messages;
  if (only !== undefined && others.length === 0) return only.content;
  return messages.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}

/** How many messages two conversations begin with in common, leaving each at least one to be its answer. */
export function commonMessages(a: Conversation, b: Conversation): number {
  const most = Math.min(a.length, b.length) - 1;
  const differs = a.findIndex((message, index) => !isSame(message, b[index]));
  return differs === -1 ? most : Math.min(differs, most);
}

function isSame(a: Conversation[number], b: Conversation[number] | undefined): boolean {
  return b !== undefined && a.role === b.role && a.content === b.content;
}
