import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type ProgressBody, progressBodySchema } from "../../api/contracts/train.ts";
import type { Client } from "../../kube/client.ts";
import { isNotFound } from "../../kube/errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { dpoJobs } from "../resources.ts";
import { progressStatus } from "./progress.ts";
import { progressAudience, progressPath } from "./progress-path.ts";

/** KEP-2779 allows 64 KiB. */
const BODY_LIMIT = 64 * 1024;

const PATH = new RegExp(`^${progressPath("([^/]+)", "([^/]+)")}$`);

export interface ProgressServer {
  /** Resolves with its URL once it listens. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>;
  close(): Promise<void>;
}

interface JobName {
  readonly namespace: string;
  readonly name: string;
}

interface Reply {
  readonly code: number;
  readonly body: object;
}

/**
 * Takes the progress that trainers push (KEP-2779's body) and applies it to status.progress, under a field manager of its
 * own, so that the reconciler and the trainers never undo each other. The token must be made for this very job: its
 * audience names it, and its service account must be of the job's namespace. Served by Node alone: fastify, as the other
 * roles have it, would take 4 MB of the manager for this one path.
 */
export function createProgressServer(client: Client, logger: Logger): ProgressServer {
  const server = createServer(async (request, response) => {
    const { code, body } = await reply(request).catch(failed);
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  });

  async function reply(request: IncomingMessage): Promise<Reply> {
    const [, namespace, name] = (request.method === "POST" && PATH.exec(request.url ?? "")) || [];
    if (namespace === undefined || name === undefined) {
      return refusal(404, "NotFound", `progress is sent by POST to ${progressPath("NAMESPACE", "NAME")}`);
    }
    const refused = await refusalOf(request.headers.authorization, { namespace, name });
    if (refused !== undefined) return refused;
    const pushed = await readProgress(request);
    return "refused" in pushed ? pushed.refused : store({ namespace, name }, pushed.progress);
  }

  async function refusalOf(authorization: string | undefined, job: JobName): Promise<Reply | undefined> {
    const { namespace, name } = job;
    const audience = progressAudience(namespace, name);
    const token = authorization?.replace(/^Bearer /, "") ?? "";
    const who = token === "" ? {} : await client.reviewToken(token, [audience]);
    const own = who.user?.username?.startsWith(`system:serviceaccount:${namespace}:`) === true;
    if (who.authenticated === true && own) return undefined;
    const message = `the token is not for the progress of DPOJob ${namespace}/${name}: mount one with the audience ${audience}`;
    return refusal(403, "Forbidden", message);
  }

  async function store({ namespace, name }: JobName, body: ProgressBody): Promise<Reply> {
    const job = await client.get(dpoJobs, { namespace, name });
    // A pod of a job that was deleted and made again: its progress must not be the new one's first status.
    if (job?.status?.dataset === undefined)
      return refusal(404, "NotFound", `DPOJob ${namespace}/${name} has not started a training`);
    const progress = progressStatus(body);
    const { uid } = job.metadata;
    if (progress !== undefined)
      await client.applyStatus(dpoJobs, { metadata: { namespace, name, uid }, status: { progress } });
    return { code: 200, body };
  }

  function failed(error: unknown): Reply {
    if (isNotFound(error)) return refusal(404, "NotFound", "there is no such DPOJob");
    logger.warn({ err: error }, "progress could not be stored");
    return refusal(500, "InternalError", "progress could not be stored; training goes on");
  }

  return {
    async listen({ host, port }) {
      server.listen(port, host);
      await once(server, "listening");
      return `http://${host}:${(server.address() as AddressInfo).port}`;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

async function readProgress(request: IncomingMessage): Promise<{ progress: ProgressBody } | { refused: Reply }> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Read to its end, or the reply would not reach the one who sends it.
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
  }
  if (size > BODY_LIMIT)
    return { refused: refusal(413, "RequestEntityTooLarge", `the body has more than ${BODY_LIMIT} bytes`) };
  const parsed = progressBodySchema.safeParse(jsonOf(Buffer.concat(chunks)));
  if (parsed.success) return { progress: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? issue.path.join(".") : "body";
  return { refused: refusal(422, "Invalid", `${where}: ${issue?.message ?? "is not KEP-2779's body"}`) };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** metav1.Status, as clients of KEP-2779 expect it. */
function refusal(code: number, reason: string, message: string): Reply {
  return { code, body: { apiVersion: "v1", kind: "Status", status: "Failure", code, reason, message } };
}
