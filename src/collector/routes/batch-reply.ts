import type { FastifyReply } from "fastify";
import type * as z from "zod";
import type { Batch } from "../batch.ts";
import { settleBatch } from "../batch.ts";
import { errorBody } from "../error-reply.ts";
import { takeIn } from "../intake.ts";
import type { RecordKind } from "../metrics.ts";
import type { ItemOutcome } from "../store.ts";
import { type RouteContext, timed } from "./route-context.ts";

interface BatchWrite<Schema extends z.ZodType<{ id: string }>> {
  kind: RecordKind;
  schema: Schema;
  /** The name of the list in the request. */
  field: string;
  values: readonly unknown[];
  add: (items: z.output<Schema>[]) => Promise<ItemOutcome[]>;
}

export async function writeBatch<Schema extends z.ZodType<{ id: string }>>(
  context: RouteContext,
  { kind, schema, field, values, add }: BatchWrite<Schema>,
): Promise<Batch> {
  const intake = takeIn(schema, field, values);
  const batch = await timed(context, kind, () => settleBatch(field, intake, add));
  context.metrics.batch(kind, batch);
  return batch;
}

/** 200 with what became of each item; 422 with the first refusal on top when nothing of the request was stored. */
export function sendBatch(reply: FastifyReply, batch: Batch, body: object): FastifyReply {
  const [first] = batch.rejected;
  if (batch.results.length > 0 || first === undefined) return reply.send(body);
  const error = errorBody(first.reason, `${first.path}: ${first.message}`, first.path);
  return reply.code(422).send({ error, ...body });
}
