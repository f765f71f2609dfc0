import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Respond = (request: Received, response: ServerResponse) => void;

/** A server that answers each request as told, or not at all. */
export async function startServer(respond: Respond): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const one = { path: request.url ?? "", headers: request.headers, body };
    received.push(one);
    respond(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** Lets time go on until the promise has come to something. */
export async function settled<T>(
  promise: Promise<T>,
  clock: { advance(milliseconds: number): Promise<void> },
): Promise<T> {
  let isSettled = false;
  const done = () => {
    isSettled = true;
  };
  promise.then(done, done);
  for (let tries = 0; tries < 400 && !isSettled; tries++) {
    await clock.advance(250);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return promise;
}
