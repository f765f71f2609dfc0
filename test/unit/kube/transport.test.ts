import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiError, ConnectionError } from "../../../src/kube/errors.ts";
import { retried } from "../../../src/kube/retry.ts";
import { type ApiRequest, createTransport, intercepted, type Transport } from "../../../src/kube/transport.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";

type Handler = (response: ServerResponse) => void;

/** What the server answers, in turn. */
let answers: Handler[] = [];
let transport: Transport;
let close: () => void;

beforeEach(async () => {
  const server = createServer((_, response) => (answers.shift() ?? (() => response.end("{}")))(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  transport = createTransport({ server: url, tls: {}, namespace: "default", headers: async () => ({}) });
  close = () => {
    server.closeAllConnections();
    server.close();
  };
});

afterEach(async () => {
  answers = [];
  await transport.close();
  close();
});

const get: ApiRequest = { method: "GET", path: "/x" };
const patch: ApiRequest = { method: "PATCH", path: "/x", body: {} };

function fail(status: number, headers: Record<string, string> = {}): Handler {
  return (response) => response.writeHead(status, headers).end(JSON.stringify({ reason: "Busy", message: "too many" }));
}

const drop: Handler = (response) => void response.socket?.destroy();

describe("a transport", () => {
  test("turns a Status into an error that says what was asked and what was answered", async () => {
    answers = [fail(429, { "retry-after": "3" })];
    const error = await transport.send(get).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, reason: "Busy", retryAfterMs: 3000, message: "GET /x: 429 too many" });
  });

  test("quotes an answer that is no Status, as a proxy's page", async () => {
    answers = [(response) => response.writeHead(502).end("<html>bad gateway</html>")];
    await expect(transport.send(get)).rejects.toThrow("GET /x: 502 <html>bad gateway</html>");
  });

  test("tells a reset and a refusal from an answer", async () => {
    answers = [drop];
    await expect(transport.send(patch)).rejects.toMatchObject({ name: "ConnectionError", code: "UND_ERR_SOCKET" });
    close();
    await expect(transport.send(get)).rejects.toMatchObject({ name: "ConnectionError" });
  });

  test("fails with the caller's reason when the caller gives up", async () => {
    answers = [() => {}];
    await expect(transport.send({ ...get, signal: AbortSignal.any([AbortSignal.timeout(50)]) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });

  test("a stream outlives the deadline of its header, and its abort is seen by the reader", async () => {
    answers = [(response) => response.write("a")];
    const controller = new AbortController();
    const stream = await transport.stream({ ...get, deadlineMs: 100, signal: controller.signal });
    const read = (async () => {
      for await (const chunk of stream) expect(Buffer.from(chunk).toString()).toBe("a");
    })();
    await new Promise((resolve) => setTimeout(resolve, 200));
    controller.abort(new Error("silent"));
    await expect(read).rejects.toThrow("silent");
  });
});

describe("retries", () => {
  async function outcome(
    request: ApiRequest,
    how: "send" | "stream" = "send",
  ): Promise<{ error: unknown; waitedMs: number }> {
    const clock = createFakeClock();
    let finished = false;
    const result = retried(transport, clock)
      [how](request)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
      .finally(() => {
        finished = true;
      });
    while (!finished) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (clock.pending() > 0) await clock.advance(500);
    }
    return { error: await result, waitedMs: clock.monotonic() };
  }

  test.each([
    { what: "a write that is told when", request: patch, first: fail(429, { "retry-after": "1" }), waits: 1000 },
    {
      what: "a write that is told when by a 503",
      request: patch,
      first: fail(503, { "retry-after": "2" }),
      waits: 2000,
    },
    { what: "a read whose connection broke", request: get, first: drop, waits: 1000 },
  ])("waits and tries again: $what", async ({ request, first, waits }) => {
    answers = [first, first];
    expect(await outcome(request)).toEqual({ error: undefined, waitedMs: 2 * waits });
  });

  test.each([
    { what: "a write whose connection broke", request: patch, first: drop, error: ConnectionError },
    { what: "a 500 that does not say when", request: patch, first: fail(500), error: ApiError },
    { what: "a conflict", request: patch, first: fail(409, { "retry-after": "1" }), error: ApiError },
  ])("does not try again: $what", async ({ request, first, error }) => {
    answers = [first];
    const { error: thrown, waitedMs } = await outcome(request);
    expect(thrown).toBeInstanceOf(error);
    expect(waitedMs).toBe(0);
  });

  test("waits and tries again: a watch that is told when", async () => {
    answers = [fail(429, { "retry-after": "1" })];
    expect(await outcome(get, "stream")).toEqual({ error: undefined, waitedMs: 1000 });
  });

  test("gives up after ten tries, or when the wait would pass 30 s", async () => {
    answers = Array.from({ length: 20 }, () => fail(429, { "retry-after": "1" }));
    expect((await outcome(get)).waitedMs).toBe(9000);
    expect(answers).toHaveLength(10);
    answers = [fail(429, { "retry-after": "31" })];
    expect(await outcome(get)).toMatchObject({ error: { status: 429 }, waitedMs: 0 });
  });
});

describe("an interceptor", () => {
  test("sees writes, not reads, and may keep an answer that has arrived from its caller", async () => {
    const seen: string[] = [];
    const crashing = intercepted(transport, async ({ method }, send) => {
      await send();
      seen.push(method);
      throw new Error("crash");
    });
    await crashing.send(get);
    await expect(crashing.send(patch)).rejects.toThrow("crash");
    expect(seen).toEqual(["PATCH"]);
  });
});
