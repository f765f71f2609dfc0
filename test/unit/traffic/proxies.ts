import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach } from "vitest";
import { EPOCH_HEADER } from "../../../src/api/v1alpha1/metadata.ts";

/** What one proxy does with a request: answers with this epoch, or without any, or never, or hangs up. */
export type Behaviour =
  | { readonly epoch: string; readonly status?: number }
  | "Blank"
  | "Hangs"
  | "Dies"
  /** Sends its header and then a body without an end. */
  | { readonly endless: string };

export interface Proxies {
  readonly port: number;
  /** Hosts and paths of the requests so far. */
  readonly requests: readonly { readonly host: string; readonly path: string; readonly method: string }[];
  /** The most requests that were under way at once. */
  readonly most: () => number;
  become(behaviours: readonly Behaviour[]): void;
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Several proxies behind one address, which take connections by turns. */
export async function startProxies(...behaviours: readonly Behaviour[]): Promise<Proxies> {
  let current = behaviours;
  let connections = 0;
  const open = { now: 0, most: 0 };
  const turns = new Map<Socket, number>();
  const requests: { host: string; path: string; method: string }[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { host = "", "user-agent": _agent } = request.headers;
    requests.push({ host, path: request.url ?? "", method: request.method ?? "" });
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    response.on("close", () => void open.now--);
    answer(current[(turns.get(request.socket) ?? 0) % current.length] ?? "Dies", response);
  });
  server.on("connection", (socket) => turns.set(socket, connections++));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    most: () => open.most,
    become: (next) => {
      current = next;
    },
  };
}

function answer(behaviour: Behaviour, response: ServerResponse): void {
  if (behaviour === "Hangs") return;
  if (behaviour === "Dies") response.socket?.destroy();
  else if (behaviour === "Blank") response.writeHead(404).end("not here");
  else if ("endless" in behaviour) {
    response.writeHead(200, { [EPOCH_HEADER]: behaviour.endless });
    response.write("and so on ");
  } else response.writeHead(behaviour.status ?? 404, { [EPOCH_HEADER]: behaviour.epoch }).end("x".repeat(100_000));
}
