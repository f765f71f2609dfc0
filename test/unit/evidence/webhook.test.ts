import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createWebhookClient, WebhookEndpoint } from "../../../src/evidence/webhook.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { type Received, settled, startServer } from "./http-faults.ts";

const never = new AbortController().signal;
const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString("base64")}`;
const question = { canary: "assistant", step: "half" };

let secretFile: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "dpo-webhook-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  secretFile = join(folder, "secret");
  await writeFile(secretFile, `${secret}\n`);
});

/** As the specification has it, and not as our own code does. */
function sign(id: string, timestamp: string, body: string, with_: Buffer = key): string {
  return `v1,${createHmac("sha256", with_).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function reply(response: ServerResponse, body: string, id: string, signature?: string): void {
  const timestamp = "1767225600";
  response.setHeader("webhook-id", id);
  response.setHeader("webhook-timestamp", timestamp);
  response.setHeader("webhook-signature", signature ?? sign(id, timestamp, body));
  response.end(body);
}

const NOTHING_RECEIVED: Received = { path: "", headers: {}, body: "" };
const idOf = ({ headers }: Received) => String(headers["webhook-id"]);

async function ask(respond: (request: Received, response: ServerResponse) => void) {
  const { url, received } = await startServer(respond);
  const clock = createFakeClock();
  const client = createWebhookClient([WebhookEndpoint.parse({ name: "board", url, secretFile })], clock);
  onTestFinished(() => client.close());
  return { said: () => settled(client.ask("board", question, never), clock), received };
}

const PASS = JSON.stringify({ verdict: "Pass", message: "fine" });

describe("a question to a webhook", () => {
  it("is signed, with its own id and the time, and so is the answer", async () => {
    const { said, received } = await ask((request, response) => reply(response, PASS, idOf(request)));
    expect(await said()).toEqual({ verdict: "Pass", message: "fine" });
    const [{ headers, body } = NOTHING_RECEIVED] = received;
    expect(JSON.parse(body)).toEqual(question);
    const [id, timestamp] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
    expect(Math.abs(Number(timestamp) - Date.parse("2026-01-01T00:00:00Z") / 1000)).toBeLessThan(5);
    expect(headers["webhook-signature"]).toBe(sign(id, timestamp, body));
  });

  it("takes a message for one line of text, and not for more", async () => {
    const message = `one\n\u0007two ${"x".repeat(1000)}`;
    const { said } = await ask((request, response) =>
      reply(response, JSON.stringify({ verdict: "Undecided", message }), idOf(request)),
    );
    const { message: kept } = await said();
    expect(kept).toMatch(/^one two x+$/);
    expect(kept.length).toBe(256);
  });

  it("is tried again, and answered at the third time", async () => {
    let tries = 0;
    const { said, received } = await ask((request, response) => {
      tries += 1;
      if (tries === 1) response.destroy();
      else if (tries === 2) response.writeHead(500).end();
      else reply(response, PASS, idOf(request));
    });
    expect(await said()).toMatchObject({ verdict: "Pass" });
    expect(new Set(received.map(idOf)).size).toBe(3);
  });

  it("may be answered with the old secret and the new one", async () => {
    const { said } = await ask((request, response) => {
      const timestamp = "1767225600";
      const old = sign(idOf(request), timestamp, PASS, Buffer.alloc(32, 1));
      reply(response, PASS, idOf(request), `${old} ${sign(idOf(request), timestamp, PASS)}`);
    });
    expect(await said()).toMatchObject({ verdict: "Pass" });
  });
});

describe("an answer that is not believed", () => {
  it.each([
    ["unsigned", (_: Received, response: ServerResponse) => void response.end(PASS), "not signed"],
    [
      "signed by somebody else",
      (request: Received, response: ServerResponse) =>
        reply(response, PASS, idOf(request), sign(idOf(request), "1767225600", PASS, Buffer.alloc(32, 1))),
      "not signed",
    ],
    [
      "of another question, sent again",
      (_: Received, response: ServerResponse) => reply(response, PASS, "old-id"),
      "not signed",
    ],
    [
      "changed on the way",
      (request: Received, response: ServerResponse) =>
        reply(response, PASS, idOf(request), sign(idOf(request), "1767225600", '{"verdict":"Fail"}')),
      "not signed",
    ],
    [
      "the question itself",
      ({ headers, body }: Received, response: ServerResponse) => {
        for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"])
          response.setHeader(name, String(headers[name]));
        response.end(body);
      },
      "its answer at",
    ],
    [
      "of no verdict that there is",
      (request: Received, response: ServerResponse) => reply(response, '{"verdict":"pass"}', idOf(request)),
      "its answer at verdict",
    ],
    [
      "no JSON",
      (request: Received, response: ServerResponse) => reply(response, "ok", idOf(request)),
      "its answer is not JSON",
    ],
    [
      "accepted and nothing more",
      (_: Received, response: ServerResponse) => void response.writeHead(202).end(),
      "it answered HTTP 202",
    ],
    [
      "a redirect",
      (_: Received, response: ServerResponse) => void response.writeHead(302, { location: "/" }).end(),
      "it answered HTTP 302",
    ],
    ["endless", (_: Received, response: ServerResponse) => void response.end("x".repeat(1 << 20)), "webhook board: "],
    ["never there", () => undefined, "not done in 10000 ms"],
  ])("is one that is %s", async (_, respond, words) => {
    const { said, received } = await ask(respond);
    const failed = said();
    await expect(failed).rejects.toThrow(/^webhook board: /);
    await expect(failed).rejects.toThrow(words);
    expect(received).toHaveLength(3);
  });

  it.each(["", "secret", "whsec_", "whsec_c2hvcnQ=", `whsec_${Buffer.alloc(65).toString("base64")}`])(
    "is one that no good secret could be checked with: %j, which is not repeated",
    async (text) => {
      await writeFile(secretFile, text);
      const { said, received } = await ask((request, response) => reply(response, PASS, idOf(request)));
      await expect(said()).rejects.toThrow(
        "webhook board: its secretFile should hold whsec_ and 24 to 64 bytes in base64, and does not",
      );
      expect(received).toEqual([]);
    },
  );
});
