import { ComparisonPage } from "../../src/api/contracts/collector-api.ts";
import type { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import type { HttpClient } from "./http-client.ts";
import type { Served } from "./live-client.ts";
import { NAMES } from "./objects.ts";
import { type Observer, waitFor } from "./observer.ts";
import type { Outcome, Run } from "./report.ts";

type Status = NonNullable<PreferenceCanary["status"]>;

export interface RunOptions {
  readonly observer: Observer;
  readonly collector: HttpClient;
  readonly namespace: string;
  /** What people call the model, and what it is. */
  readonly model: string;
  readonly digest: string;
  readonly expected: Outcome;
  readonly served: readonly Served[];
}

const TIMEOUT_MS = 15 * 60_000;
/** Requests under way when the route changed are answered within this. */
const SETTLE_MS = 3_000;

/** Follows a candidate until it is promoted or rolled back, and measures how. */
export async function followRun({
  observer,
  collector,
  namespace,
  model,
  digest,
  expected,
  served,
}: RunOptions): Promise<Run> {
  const { candidate, stable, started } = await waitFor(observer.canaries, NAMES.canary, TIMEOUT_MS, ({ status }) =>
    entered(status, digest),
  );
  const status = await waitFor(observer.canaries, NAMES.canary, TIMEOUT_MS, ({ status: now }) =>
    now?.lastRun?.digest === digest ? now : undefined,
  );
  const seconds = (Date.now() - started) / 1000;
  const outcome = status.lastRun?.outcome;
  if (outcome !== "Promoted" && outcome !== "RolledBack")
    throw new Error(`The run of ${model} ended as ${outcome}: ${status.lastRun?.message}`);
  const winRate = status.gates?.find(({ name }) => name === "winRate");
  const run = { model, digest, expected, outcome, comparisons: winRate?.samples ?? 0, seconds };
  const rejected = observer.rejectedAt(candidate);
  if (outcome === "Promoted" || rejected === undefined)
    return { ...run, decisionToRouteMs: null, routeToLastRequestMs: null };
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const decided = await acknowledgedAt(collector, {
    namespace,
    candidate,
    stable,
    sequence: winRate?.failedAt?.sequence,
  });
  const last = Math.max(...served.filter(({ arm }) => arm === candidate).map(({ startedAt }) => startedAt), rejected);
  return {
    ...run,
    decisionToRouteMs: decided === undefined ? null : Math.max(0, rejected - decided),
    routeToLastRequestMs: last - rejected,
  };
}

function entered(status: Status | undefined, digest: string) {
  if (status?.candidate?.digest !== digest || status.stable === undefined) return undefined;
  return { candidate: status.candidate.revision, stable: status.stable.revision, started: Date.now() };
}

interface Deciding {
  readonly namespace: string;
  readonly candidate: string;
  readonly stable: string;
  /** The comparison that decided. */
  readonly sequence: number | undefined;
}

async function acknowledgedAt(
  collector: HttpClient,
  { namespace, candidate, stable, sequence }: Deciding,
): Promise<number | undefined> {
  if (sequence === undefined) return undefined;
  const path = `/v1/namespaces/${namespace}/canaries/${NAMES.canary}/comparisons?candidate=${candidate}&stable=${stable}&limit=1000`;
  const { body } = await collector.send("GET", path);
  const at = ComparisonPage.parse(body).records.find((comparison) => comparison.sequence === sequence)?.at;
  return at === undefined ? undefined : Date.parse(at);
}
