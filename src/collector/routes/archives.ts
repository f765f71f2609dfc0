import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { type ArchiveReply, ArchiveRequest } from "../../api/contracts/run-archive.ts";
import { type Digest, digestSchema } from "../../artifacts/digest.ts";
import { ApiError } from "../api-error.ts";
import { archiveLines } from "../archive-lines.ts";
import type { Archives } from "../archives.ts";
import { parse } from "../intake.ts";
import type { CanaryKey } from "../store.ts";
import { canaryOf, type RouteContext } from "./route-context.ts";

const DigestParams = z.object({ digest: digestSchema });

/** The operator has runs archived; whoever may read the canary's namespace may have the file. */
export function archiveRoutes(app: FastifyInstance, { store }: RouteContext, archives: Archives): void {
  app.post(
    "/canaries/:canary/archives",
    { config: { isForOperator: true } },
    async (request): Promise<ArchiveReply> => {
      const key = canaryOf(request.params);
      const digest = await archives.write(key, archiveLines(store, key, parse(ArchiveRequest, request.body)));
      return { digest, path: pathOf(key, digest) };
    },
  );

  app.get("/canaries/:canary/archives/:digest", async (request, reply) => {
    const key = canaryOf(request.params);
    const { digest } = parse(DigestParams, request.params);
    const file = await archives.read(key, digest);
    if (file !== undefined) return reply.type("application/gzip").send(file);
    throw new ApiError(404, "ArchiveUnknown", `there is no archive ${digest} of ${key.namespace}/${key.canary}`);
  });
}

function pathOf({ namespace, canary }: CanaryKey, digest: Digest): string {
  return `/v1/namespaces/${namespace}/canaries/${canary}/archives/${digest}`;
}
