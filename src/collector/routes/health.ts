import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import type { CollectorStore } from "../store.ts";

/** Alive: the event loop turns. Ready: a write has become durable just now. Neither asks for a token. */
export function healthRoutes(app: FastifyInstance, store: CollectorStore, registry: Registry): void {
  app.get("/healthz", async () => ({ status: "ok" }));

  app.get("/readyz", async () => {
    await store.probe();
    return { status: "ok" };
  });

  app.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}
