import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HTTPRoute } from "../../../src/kube/gateway-api.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { gateways } from "../../../src/kube/resource.ts";
import type { CanaryStage } from "./canary-stage.ts";

/** A gateway on this machine, which serves the stage's routes as they stand, or as they stood. */
export interface TestGateway {
  /** From now on it hears of no change. */
  freeze(): void;
  thaw(): void;
  requests(): number;
}

/** Answers as the backend does that a weight falls on: with a 404, and the headers that the route's filters set. */
export async function startGateway({ stage, routes }: CanaryStage): Promise<TestGateway> {
  const { client, namespace } = stage;
  let frozen: Stored<HTTPRoute>[] | undefined;
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    const [route] = frozen ?? routes.current();
    response.writeHead(404, route && headersOf(route)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stage.atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const { metadata } = await client.apply(gateways, {
    metadata: { namespace, name: "public" },
    spec: { gatewayClassName: "test", listeners: [{ name: "http", port, protocol: "HTTP" }] },
  });
  await client.applyStatus(gateways, {
    metadata: { namespace, name: "public", uid: metadata.uid },
    status: { addresses: [{ type: "IPAddress", value: "127.0.0.1" }] },
  });
  return {
    freeze: () => {
      frozen = routes.current();
    },
    thaw: () => {
      frozen = undefined;
    },
    requests: () => requests,
  };
}

function headersOf({ spec }: HTTPRoute): Record<string, string> {
  const backends = spec.rules?.[0]?.backendRefs ?? [];
  let drawn = Math.random() * backends.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const chosen = backends.find(({ weight = 1 }) => {
    drawn -= weight;
    return drawn < 0;
  });
  const set = (chosen?.filters ?? []).flatMap((filter) =>
    filter.type === "ResponseHeaderModifier" ? (filter.responseHeaderModifier.set ?? []) : [],
  );
  return Object.fromEntries(set.map(({ name, value }) => [name, value]));
}
