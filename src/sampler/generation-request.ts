import * as z from "zod";
import { LIMITS } from "../api/contracts/collector-api.ts";
import { storableText } from "./storable-text.ts";

/** A mirrored request that asks a model for text. */
export interface GenerationRequest {
  /** Path and query as the client sent them. */
  readonly path: string;
  /** The client's body, asking for one answer, streamed or not as the client did. The seed is still to be set. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Characters of it. */
  readonly size: number;
  /** What raters are shown. */
  readonly prompt: string;
  /** What the request said that it is of. */
  readonly cohort?: string;
  /** The client's credential for the model server, which gets it from the gateway too. */
  readonly authorization?: string;
}

export const IGNORED_REASONS = ["NotGeneration", "NotUnderstood", "EmptyPrompt", "PromptTooLong"] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

export type Reading = { readonly request: GenerationRequest } | { readonly ignored: IgnoredReason };

export interface MirroredRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly cohort: string | undefined;
  readonly body: string;
}

const TextParts = z.array(z.looseObject({ type: z.literal("text"), text: z.string() }));
const Message = z.looseObject({ role: z.string(), content: z.union([z.string(), TextParts, z.null()]).optional() });
type Message = z.infer<typeof Message>;

/** Messages of the application, not of its user. */
const INSTRUCTIONS = new Set(["system", "developer"]);

// Loose, so that the arms get every field that the client sent.
const ChatBody = z.looseObject({ messages: z.array(Message).min(1) });
const CompletionBody = z.looseObject({ prompt: z.union([z.string(), z.tuple([z.string()])]) });

/** Reads an OpenAI-compatible request for a chat or text completion; everything else is ignored, with the reason. */
export function readGenerationRequest({ method, url, authorization, cohort, body }: MirroredRequest): Reading {
  const [pathname = ""] = url.split("?", 1);
  const isChat = isChatPath(pathname);
  if (method !== "POST" || !url.startsWith("/") || !(isChat || pathname.endsWith("/completions"))) {
    return { ignored: "NotGeneration" };
  }
  const asked = readBody(body, isChat);
  if (asked === undefined) return { ignored: "NotUnderstood" };
  const prompt = storableText(asked.prompt);
  if (prompt === "") return { ignored: "EmptyPrompt" };
  if (prompt.length > LIMITS.text) return { ignored: "PromptTooLong" };
  const group = cohort === undefined ? undefined : cohortOf(cohort);
  return {
    request: {
      path: url,
      body: forOneAnswer(asked.body),
      size: body.length,
      prompt,
      ...(group !== undefined && { cohort: group }),
      ...(authorization !== undefined && { authorization }),
    },
  };
}

/** The same, asking how likely each token of the answer was too. A client's own wish for that is left as it is. */
export function withLogprobs(request: GenerationRequest): GenerationRequest {
  const [pathname = ""] = request.path.split("?", 1);
  const { logprobs } = request.body;
  if (isChatPath(pathname)) return { ...request, body: { ...request.body, logprobs: true } };
  return { ...request, body: { ...request.body, logprobs: logprobs ?? 1 } };
}

function isChatPath(pathname: string): boolean {
  return pathname.endsWith("/chat/completions");
}

/** One that cannot be kept is none: the answers are worth comparing all the same. */
function cohortOf(header: string): string | undefined {
  const text = storableText(header.trim());
  return text !== "" && text.length <= LIMITS.name ? text : undefined;
}

function readBody(text: string, isChat: boolean): { body: Record<string, unknown>; prompt: string } | undefined {
  const json = parseJson(text);
  if (isChat) {
    const { data: body } = ChatBody.safeParse(json);
    return body && { body, prompt: promptOf(body.messages) };
  }
  const { data: body } = CompletionBody.safeParse(json);
  return body && { body, prompt: typeof body.prompt === "string" ? body.prompt : body.prompt[0] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One user message is the prompt; a longer conversation is shown as it went, a line a message. */
function promptOf(messages: readonly Message[]): string {
  const questions = messages.filter(({ role }) => !INSTRUCTIONS.has(role));
  const [question] = questions;
  if (question?.role === "user" && questions.length === 1) return contentOf(question);
  return messages.map((message) => `${message.role}: ${contentOf(message)}`).join("\n");
}

function contentOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text).join("\n");
}

function forOneAnswer(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { n: _answers, ...kept } = body;
  return kept;
}
