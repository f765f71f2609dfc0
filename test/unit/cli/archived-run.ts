import type { ArchiveRequest } from "../../../src/api/contracts/run-archive.ts";
import { digest } from "../../builders/canary.ts";
import type { TestCollector } from "../collector/running-collector.ts";

const OPERATOR = "dpo-system/dpo-manager";
export const CANDIDATE = { revision: "ca4d1da7e0", digest: digest("b") };
export const STABLE = { revision: "5ab1e00000", digest: digest("a") };

/** How the candidate's run ended. */
export const lastRun = {
  ...CANDIDATE,
  outcome: "RolledBack",
  time: "2026-01-02T00:00:00Z",
  message: "winRate: it lost",
} as const;

/** The file that the collector makes of it when the operator asks. */
export async function archived(collector: TestCollector, request: ArchiveRequest): Promise<Buffer> {
  const path = "/v1/namespaces/team/canaries/assistant/archives";
  const { body } = await collector.call("POST", path, request, OPERATOR);
  const headers = { authorization: "Bearer team/rater" };
  return Buffer.from(await (await fetch(collector.url + body.path, { headers })).arrayBuffer());
}
