import type { FastifyReply } from "fastify";
import * as z from "zod";
import type { Clock } from "../../runtime/clock.ts";
import { parse } from "../intake.ts";
import type { CollectorMetrics, RecordKind } from "../metrics.ts";
import type { CanaryKey, CollectorStore, DatasetKey } from "../store.ts";

/** What every route works with. */
export interface RouteContext {
  store: CollectorStore;
  clock: Clock;
  metrics: CollectorMetrics;
  /** Aborted when the server begins to close. */
  closing: AbortSignal;
}

const ObjectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, { error: "must be a Kubernetes name" });
const NamespaceParams = z.object({ namespace: ObjectName });
const DatasetParams = z.object({ namespace: ObjectName, dataset: ObjectName });
const CanaryParams = z.object({ namespace: ObjectName, canary: ObjectName });

export function namespaceOf(params: unknown): string {
  return parse(NamespaceParams, params).namespace;
}

export function datasetOf(params: unknown): DatasetKey {
  return parse(DatasetParams, params);
}

export function canaryOf(params: unknown): CanaryKey {
  return parse(CanaryParams, params);
}

/** Runs a write and notes how long its acknowledgement took. */
export async function timed<Result>(
  context: RouteContext,
  kind: RecordKind,
  write: () => Promise<Result>,
): Promise<Result> {
  const start = context.clock.monotonic();
  const result = await write();
  context.metrics.acknowledged(kind, (context.clock.monotonic() - start) / 1_000);
  return result;
}

/** Aborted when the caller hangs up. */
export function hangUp(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => controller.abort());
  return controller.signal;
}
