import { ComparisonPage } from "../../src/api/contracts/collector-api.ts";
import type { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import { say } from "../lib/progress.ts";
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
export async function followRun(options: RunOptions): Promise<Run> {
  const { observer, model, digest, expected } = options;
  const until = <R>(condition: (status: Status | undefined) => R | undefined) =>
    waitFor(observer.canaries, NAMES.canary, TIMEOUT_MS, ({ status }) => condition(status));
  const pair = await until((status) => entered(status, digest));
  const started = Date.now();
  const ended = await until((status) => (status?.lastRun?.digest === digest ? status : undefined));
  const seconds = (Date.now() - started) / 1000;
  const outcome = ended.lastRun?.outcome;
  if (outcome !== "Promoted" && outcome !== "RolledBack") {
    throw new Error(`The run of ${model} ended as ${outcome}: ${ended.lastRun?.message}`);
  }
  const winRate = ended.gates?.find(({ name }) => name === "winRate");
  const decided = outcome === "RolledBack" ? winRate?.failedAt : winRate?.passedAt;
  const latencies = outcome === "RolledBack" ? await measureRollback(options, pair, decided?.sequence) : NO_ROLLBACK;
  // The last writes take the old arm off the route; what is printed next should show it whole.
  await until((status) => (status?.phase === outcome ? status : undefined));
  return {
    model,
    digest,
    expected,
    outcome,
    comparisons: decided?.samples ?? winRate?.samples ?? 0,
    seconds,
    ...latencies,
  };
}

const NO_ROLLBACK = { decisionToRouteMs: null, routeToLastRequestMs: null };

/** `sequence`: the comparison that decided; absent when it was no comparison. */
async function measureRollback(
  { observer, collector, namespace, served }: RunOptions,
  { candidate, stable }: Pair,
  sequence: number | undefined,
): Promise<Pick<Run, "decisionToRouteMs" | "routeToLastRequestMs">> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rejected = observer.rejectedAt(candidate);
  if (rejected === undefined) return NO_ROLLBACK;
  const decided = await acknowledgedAt(collector, { namespace, candidate, stable, sequence });
  const byCandidate = served.filter(({ arm }) => arm === candidate).map(({ startedAt }) => startedAt);
  say(`  ${byCandidate.length} live requests were answered by it`);
  return {
    decisionToRouteMs: decided === undefined ? null : Math.max(0, rejected - decided),
    routeToLastRequestMs: Math.max(...byCandidate, rejected) - rejected,
  };
}

interface Pair {
  readonly candidate: string;
  readonly stable: string;
}

function entered(status: Status | undefined, digest: string): Pair | undefined {
  if (status?.candidate?.digest !== digest || status.stable === undefined) return undefined;
  return { candidate: status.candidate.revision, stable: status.stable.revision };
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
