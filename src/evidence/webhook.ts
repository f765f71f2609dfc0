import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Agent } from "undici";
import * as z from "zod";
import { type Clock, sleep, withDeadline } from "../runtime/clock.ts";

/** A system that is asked for a verdict, as the platform names it to its tenants. */
export const WebhookEndpoint = z.strictObject({
  name: z.string().min(1),
  /** May hold a secret and is never told: the name stands for it. */
  url: z.url({ protocol: /^https?$/ }),
  /** A file with whsec_ and 24 to 64 bytes in base64; read anew for each question, so that it can be changed. */
  secretFile: z.string().min(1),
});
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>;

export const WebhookReply = z.strictObject({
  verdict: z.enum(["Pass", "Fail", "Undecided"]),
  message: z.string().default(""),
});
export type WebhookReply = z.infer<typeof WebhookReply>;

/** Why there is no answer, in words that begin with the endpoint's name. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
}

export interface WebhookClient {
  /** Tries a few times. Rejects with a WebhookError, or with the signal's own reason. */
  ask(endpoint: string, question: object, signal: AbortSignal): Promise<WebhookReply>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** To one of them; the others wait, as after a restart when all want to know at once. */
const CONNECTIONS = 8;
/** Between attempts; after the last one the question has failed. */
const PAUSES_MS = [1_000, 5_000];
const MAX_BYTES = 64 << 10;
const MAX_MESSAGE = 256;

export function createWebhookClient(endpoints: readonly WebhookEndpoint[], clock: Clock): WebhookClient {
  const agent = new Agent({ connections: CONNECTIONS, connect: { timeout: 3_000 }, maxResponseSize: MAX_BYTES });

  async function attempt({ url, secretFile }: WebhookEndpoint, text: string, signal: AbortSignal) {
    const key = parseSecret(await readFile(secretFile, "utf8"));
    const id = randomUUID();
    const timestamp = String(Math.floor(clock.now().getTime() / 1000));
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signatureOf(key, { id, timestamp, text }),
    };
    const { origin, pathname, search } = new URL(url);
    const path = `${pathname}${search}`;
    const answer = await agent.request({ origin, path, method: "POST", headers, body: text, signal });
    const body = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`it answered HTTP ${answer.statusCode}`);
    // The answer is signed with the question's id: an old one, or one to somebody else, is none to this question.
    const signed = { id, timestamp: headerOf(answer.headers["webhook-timestamp"]), text: body };
    if (!isSigned(key, signed, headerOf(answer.headers["webhook-signature"])))
      throw new Error("its answer is not signed with the secret and this question's webhook-id, so it is not believed");
    return readReply(body);
  }

  return {
    async ask(name, question, signal) {
      const where = `webhook ${name}`;
      const endpoint = endpoints.find((each) => each.name === name);
      if (endpoint === undefined) throw new WebhookError(`${where} is not in the manager's configuration`);
      const text = JSON.stringify(question);
      for (let tries = 0; ; tries++) {
        try {
          return await withDeadline(clock, TIMEOUT_MS, (each) => attempt(endpoint, text, each), signal);
        } catch (cause) {
          if (signal.aborted) throw cause;
          const pause = PAUSES_MS[tries];
          const why = cause instanceof Error ? cause.message : String(cause);
          if (pause === undefined) throw new WebhookError(`${where}: ${why}`, { cause });
          await sleep(clock, pause, signal);
        }
      }
    },
    close: () => agent.destroy(),
  };
}

/** What is signed, in the form of https://www.standardwebhooks.com, so that its libraries can be used. */
export interface Signed {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: string;
  readonly text: string;
}

export function signatureOf(key: Uint8Array, { id, timestamp, text }: Signed): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${text}`).digest("base64")}`;
}

/** `signatures`: one or more, with blanks between, so that a secret can be changed without a gap. */
function isSigned(key: Uint8Array, signed: Signed, signatures: string): boolean {
  const right = Buffer.from(signatureOf(key, signed));
  return signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature);
    return given.length === right.length && timingSafeEqual(given, right);
  });
}

/** @throws Error when the text is no secret; it is not repeated. */
export function parseSecret(text: string): Buffer {
  const [, base64 = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  const key = Buffer.from(base64, "base64");
  if (key.length < 24 || key.length > 64)
    throw new Error("its secretFile should hold whsec_ and 24 to 64 bytes in base64, and does not");
  return key;
}

function headerOf(value: string | string[] | undefined): string {
  return typeof value === "string" ? value : "";
}

function readReply(text: string): WebhookReply {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error("its answer is not JSON");
  }
  const parsed = WebhookReply.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`its answer at ${issue?.path.join(".") || "the top"}: ${issue?.message}`);
  }
  const { verdict, message } = parsed.data;
  return { verdict, message: message.replace(/\p{Cc}+/gu, " ").slice(0, MAX_MESSAGE) };
}
