import type { PairTexts } from "../pair-fault.ts";
import { BadLineError } from "./bad-line.ts";
import type { Columns } from "./columns.ts";
import { asConversation, type Conversation, commonMessages, conversationText } from "./conversation.ts";
import { areTranscripts, impliedPrompt } from "./implied-prompt.ts";
import type { Row } from "./parse-rows.ts";

/** The three texts of a row, whichever way it holds them. Throws BadLineError. */
export function pairTexts(row: Row, columns: Columns): PairTexts {
  const chosen = textOrConversation(row, columns.chosen ?? "chosen");
  const rejected = textOrConversation(row, columns.rejected ?? "rejected");
  const prompt = promptOf(row, columns);
  if (typeof chosen === "string" && typeof rejected === "string") {
    if (prompt !== undefined) return { prompt, chosen, rejected };
    requireImplied(row, columns, chosen, rejected);
    return impliedPrompt(chosen, rejected);
  }
  if (typeof chosen === "string" || typeof rejected === "string") {
    throw new BadLineError("NotText", "chosen and rejected must both be text or both be lists of messages");
  }
  return conversationPair(prompt, chosen, rejected);
}

/** Messages that both have in common are the prompt, or repeat the one that the row names. */
function conversationPair(prompt: string | undefined, chosen: Conversation, rejected: Conversation): PairTexts {
  const common = commonMessages(chosen, rejected);
  if (prompt === undefined && common === 0) {
    throw new BadLineError("NoPrompt", "chosen and rejected have no first message in common that could be the prompt");
  }
  return {
    prompt: prompt ?? conversationText(chosen.slice(0, common)),
    chosen: conversationText(chosen.slice(common)),
    rejected: conversationText(rejected.slice(common)),
  };
}

/** undefined where the row has none and none is mapped: then the answers may imply it. */
function promptOf(row: Row, columns: Columns): string | undefined {
  if (columns.prompt === undefined && row.prompt === undefined) return undefined;
  const texts = (columns.prompt ?? ["prompt"]).map((column) => {
    const value = textOrConversation(row, column);
    return typeof value === "string" ? value : conversationText(value);
  });
  return texts.length === 1 ? texts.join() : texts.filter((text) => text.trim() !== "").join("\n\n");
}

function textOrConversation(row: Row, column: string): string | Conversation {
  const value = row[column];
  if (typeof value === "string") return value;
  if (value === undefined) throw new BadLineError("MissingColumn", `has no column "${column}", but ${columnsOf(row)}`);
  const conversation = asConversation(value);
  if (conversation !== undefined) return conversation;
  throw new BadLineError("NotText", `"${column}" must be text or a list of {role, content} messages`);
}

/** Two plain answers may begin alike by chance: a prompt is read out of them only where nothing else could be it. */
function requireImplied(row: Row, columns: Columns, chosen: string, rejected: string): void {
  if (areTranscripts(chosen, rejected)) return;
  const mapped = new Set(["chosen", "rejected", ...Object.values(columns).flat()]);
  const other = Object.keys(row).find((column) => typeof row[column] === "string" && !mapped.has(column));
  if (other === undefined) return;
  throw new BadLineError(
    "NoPrompt",
    `has no column "prompt", but ${columnsOf(row)}: name it with --columns prompt=<column>`,
  );
}

function columnsOf(row: Row): string {
  return Object.keys(row).join(", ") || "no column at all";
}
