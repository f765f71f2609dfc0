import Fastify, { type FastifyInstance } from "fastify";
import { progressBodySchema } from "../../api/contracts/train.ts";
import type { Client } from "../../kube/client.ts";
import { isNotFound } from "../../kube/errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { dpoJobs } from "../resources.ts";
import { progressStatus } from "./progress.ts";
import { progressAudience, progressPath } from "./progress-path.ts";

/** KEP-2779 allows 64 KiB. */
const BODY_LIMIT = 64 * 1024;

/**
 * Takes the progress that trainers push (KEP-2779's body) and applies it to status.progress, under a field manager of its
 * own, so that the reconciler and the trainers never undo each other. The token must be made for this very job: its
 * audience names it, and its service account must be of the job's namespace.
 */
export function createProgressServer(client: Client, logger: Logger): FastifyInstance {
  const server = Fastify({ bodyLimit: BODY_LIMIT, logger: false });
  server.post<{ Params: { namespace: string; name: string } }>(
    progressPath(":namespace", ":name"),
    async (request, reply) => {
      const { namespace, name } = request.params;
      const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
      const who = token === "" ? {} : await client.reviewToken(token, [progressAudience(namespace, name)]);
      const own = who.user?.username?.startsWith(`system:serviceaccount:${namespace}:`) === true;
      if (who.authenticated !== true || !own) {
        return reply
          .code(403)
          .send(
            refusal(
              403,
              "Forbidden",
              `the token is not for the progress of DPOJob ${namespace}/${name}: mount one with the audience ${progressAudience(namespace, name)}`,
            ),
          );
      }
      const body = progressBodySchema.safeParse(request.body);
      if (!body.success) {
        const [issue] = body.error.issues;
        return reply
          .code(422)
          .send(
            refusal(
              422,
              "Invalid",
              `${issue?.path.join(".") ?? "body"}: ${issue?.message ?? "is not KEP-2779's body"}`,
            ),
          );
      }
      const job = await client.get(dpoJobs, { namespace, name });
      // A pod of a job that was deleted and made again: its progress must not be the new one's first status.
      if (job?.status?.dataset === undefined)
        return reply.code(404).send(refusal(404, "NotFound", `DPOJob ${namespace}/${name} has not started a training`));
      const progress = progressStatus(body.data);
      const { uid } = job.metadata;
      if (progress !== undefined)
        await client.applyStatus(dpoJobs, { metadata: { namespace, name, uid }, status: { progress } });
      return reply.code(200).send(body.data);
    },
  );
  server.setErrorHandler((error, _request, reply) => {
    if (isNotFound(error)) return reply.code(404).send(refusal(404, "NotFound", "there is no such DPOJob"));
    logger.warn({ err: error }, "progress could not be stored");
    return reply.code(500).send(refusal(500, "InternalError", "progress could not be stored; training goes on"));
  });
  return server;
}

/** metav1.Status, as clients of KEP-2779 expect it. */
function refusal(code: number, reason: string, message: string) {
  return { apiVersion: "v1", kind: "Status", status: "Failure", code, reason, message };
}
