import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, onTestFinished, test } from "vitest";
import { createClient } from "../../../src/kube/client.ts";
import { configMaps } from "../../../src/kube/resource.ts";
import { createTransport } from "../../../src/kube/transport.ts";
import { connect } from "./connect.ts";

interface Proxy {
  readonly url: string;
  connections(): number;
  /** Bytes are kept from now on, as by a dead network: nobody is told. */
  freeze(): void;
}

/** A connection takes the next request a moment after its answer was read. */
const free = () => sleep(50);

/** Passes TCP through to the API server. */
async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = dial(Number(port), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => {}));
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    freeze() {
      for (const socket of sockets) socket.unpipe();
    },
  };
}

test("fifty calls at once have a connection each, and the next fifty the same ones", async () => {
  const { config, namespace } = await connect(inject("kubeconfig"));
  const proxy = await startProxy(config.server);
  const transport = createTransport({ ...config, server: proxy.url });
  onTestFinished(() => transport.close());
  const client = createClient(transport, "test");
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(Array.from({ length: 50 }, () => client.list(configMaps, { namespace })));
    await free();
  }
  expect(proxy.connections()).toBeLessThanOrEqual(50);
});

test("a connection that swallows everything is an error after the deadline, and is not used again", async () => {
  const { config, namespace } = await connect(inject("kubeconfig"));
  const proxy = await startProxy(config.server);
  const transport = createTransport({ ...config, server: proxy.url });
  onTestFinished(() => transport.close());
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  await transport.send({ method: "GET", path });
  await free();
  proxy.freeze();
  await expect(transport.send({ method: "GET", path, deadlineMs: 300 })).rejects.toMatchObject({
    name: "ConnectionError",
    code: "DeadlineExceeded",
    message: `GET ${path}: no answer in 300 ms`,
  });
  await transport.send({ method: "GET", path });
  expect(proxy.connections()).toBe(2);
});

test("a watch that was aborted for its silence does not hand its dead connection on", async () => {
  const { config, namespace } = await connect(inject("kubeconfig"));
  const proxy = await startProxy(config.server);
  const transport = createTransport({ ...config, server: proxy.url });
  onTestFinished(() => transport.close());
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const silence = new AbortController();
  const stream = await transport.stream({ method: "GET", path, query: { watch: true }, signal: silence.signal });
  const read = (async () => {
    for await (const _ of stream) proxy.freeze();
  })();
  setTimeout(() => silence.abort(new Error("silent")), 300);
  await expect(read).rejects.toThrow("silent");
  await transport.send({ method: "GET", path, deadlineMs: 2000 });
  expect(proxy.connections()).toBe(2);
});

test("a watch that is silent takes no other watch with it", async () => {
  const { config, namespace } = await connect(inject("kubeconfig"));
  const transport = createTransport(config);
  onTestFinished(() => transport.close());
  const client = createClient(transport, "test");
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const open = (signal: AbortSignal) => transport.stream({ method: "GET", path, query: { watch: true }, signal });
  const silence = new AbortController();
  const [silent, other] = await Promise.all([open(silence.signal), open(AbortSignal.timeout(20_000))]);
  const read = (async () => {
    for await (const _ of silent);
  })();
  silence.abort(new Error("silent"));
  await expect(read).rejects.toThrow("silent");
  await client.apply(configMaps, { metadata: { namespace, name: "news" }, data: {} });
  for await (const event of other) {
    expect(new TextDecoder().decode(event)).toContain("news");
    break;
  }
});
