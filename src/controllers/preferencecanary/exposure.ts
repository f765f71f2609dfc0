import * as z from "zod";
import type { PreferenceCanary, PreferenceCanaryStatus } from "../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../api/v1alpha1/quantity.ts";
import { LIVE_MS } from "../../traffic/liveness.ts";
import { WHOLE, weightIn } from "../../traffic/slots.ts";
import type { Answer, Answers } from "./evidence.ts";
import type { GateStatus } from "./gates.ts";
import type { Observed } from "./observed.ts";
import { routeWeight, type Step, WATCH } from "./steps.ts";

/** The name by which its question is asked. */
export const EXPOSURE = "maxExposure";

type Kept = NonNullable<PreferenceCanaryStatus["exposure"]>;

/** What the candidate has served of what it may serve before it is known to be safe. */
export interface Exposure {
  readonly kept: Kept;
  /** The most that it may have now, on the route's scale; more than the whole where any weight would do. */
  readonly cap: number;
  /** What is known of it, in words. */
  readonly words: string;
}

/** Both arms' counters at a moment, and what follows from the one before. */
interface Count {
  readonly candidate: number;
  readonly stable: number;
  /** Answers a second of both together; null before there are two counts. */
  readonly rate: number | null;
  /** Requests that the candidate must have had since one was last counted. */
  readonly unseen: number;
}

/** Counted by a query that sees nothing of it with a probability of exp(-20). */
const UNSEEN_LIMIT = 20;

/** As status keeps it; without anything of a run that is another one, or of a spec without a bound. */
export function keptExposure({ spec, status }: PreferenceCanary, revision: string): Kept | undefined {
  if (spec.maxExposure === undefined) return undefined;
  const kept = status?.candidate?.revision === revision ? status.exposure : undefined;
  return { ...(kept ?? { answers: 0 }), of: spec.maxExposure.answers };
}

/** All counts folded that are at hand; undefined without a bound. */
export function exposureOf(
  { canary, route }: Observed,
  revision: string,
  answers: Answers,
  now: Date,
): Exposure | undefined {
  const { maxExposure } = canary.spec;
  const before = keptExposure(canary, revision);
  if (before === undefined || maxExposure === undefined) return undefined;
  const { records, access } = answers[EXPOSURE] ?? { records: [], access: { type: "Unread" } };
  const weight = route?.slots === undefined ? 0 : weightIn(route.slots, revision);
  const standsSince = now.getTime() - (route?.unchangedMs ?? 0);
  const served = { share: weight / WHOLE, since: standsSince };
  const kept = records.reduce((state, record) => fold(state, record, served), before);
  const problem = "problem" in access ? access.problem : undefined;
  return { kept, cap: capOf(kept, parseDuration(maxExposure.interval), now), words: wordsOf(kept, problem) };
}

interface ServedShare {
  readonly share: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** A counter that falls is taken for one that began anew, as Prometheus does: too much rather than too little is counted. */
function fold(kept: Kept, { sequence, id, at, said }: Answer, served: ServedShare): Kept {
  const cursor = { sequence, id };
  if (said?.type !== "Metric" || said.stable === undefined) return { ...kept, cursor };
  const last = readCount(kept.state);
  const seconds = last && kept.asOf ? (Date.parse(at) - Date.parse(kept.asOf)) / 1000 : 0;
  const candidate = increase(last?.candidate ?? 0, said.value);
  const rate = last && seconds > 0 ? (candidate + increase(last.stable, said.stable)) / seconds : null;
  const had =
    kept.asOf !== undefined && served.since <= Date.parse(kept.asOf) ? served.share * (rate ?? 0) * seconds : 0;
  const unseen = candidate > 0 ? 0 : (last?.unseen ?? 0) + had;
  const count: Count = { candidate: said.value, stable: said.stable, rate, unseen };
  return {
    answers: kept.answers + Math.ceil(candidate),
    of: kept.of,
    asOf: at,
    ...(rate !== null && { rate: rate.toFixed(1) }),
    cursor,
    state: JSON.stringify(Object.values(count)),
  };
}

function increase(before: number, now: number): number {
  return Math.max(0, now >= before ? now - before : now);
}

const Counts = z.tuple([z.number(), z.number(), z.number().nullable(), z.number()]);

/** What cannot be read is counted anew. */
function readCount(text: string | undefined): Count | undefined {
  if (text === undefined) return undefined;
  try {
    const [candidate, stable, rate, unseen] = Counts.parse(JSON.parse(text));
    return { candidate, stable, rate, unseen };
  } catch {
    return undefined;
  }
}

/**
 * The largest weight w with: answers served + rate · w · (time since they were counted + time until less weight would show)
 * ≤ bound. That time is two intervals, the next count and one that fails, and what a gateway takes. It is 0 while nobody
 * knows how many requests there are, and falls as the last count gets older.
 */
function capOf({ answers, of, asOf, state }: Kept, intervalMs: number, now: Date): number {
  const { rate, unseen } = readCount(state) ?? { rate: null, unseen: 0 };
  if (asOf === undefined || rate === null || unseen >= UNSEEN_LIMIT) return 0;
  const seconds = (now.getTime() - Date.parse(asOf) + 2 * intervalMs + LIVE_MS) / 1000;
  return (WHOLE * Math.max(0, of - answers)) / Math.max(rate * seconds, Number.MIN_VALUE);
}

function wordsOf({ answers, of, rate, state }: Kept, problem: string | undefined): string {
  const why = problem === undefined ? "" : ` (${problem})`;
  if (rate === undefined) return `how many requests there are is not known yet${why}`;
  if ((readCount(state)?.unseen ?? 0) >= UNSEEN_LIMIT)
    return `the query of spec.maxExposure counts nothing of it although requests were sent to it: compare its labels with the candidate's pods${why}`;
  return `it has served ${answers} of the ${of} answers of spec.maxExposure, at ${rate} requests a second in all${why}`;
}

/** Whether its weight is less than the step's because of it: until gates.safety has passed, and not once it is promoted. */
export function isBounded({ cap }: Exposure, step: Step, gates: readonly GateStatus[]): boolean {
  const isSafe = gates.some(({ name, verdict }) => name === "safety" && verdict === "Pass");
  return !isSafe && step.name !== WATCH && cap < SPARE * routeWeight(step);
}

/** Steps between nothing and a step's weight: each is half of the next. */
const HALVINGS = 10;
/** A weight goes up only where that much more would do: counts are noisy, and each change is a write to the route. */
const SPARE = 1.5;

/** What a candidate gets of the weight that its step has; `current`: what it has now. All on the route's scale. */
export function boundedWeight(wanted: number, cap: number, current: number): number {
  const most = level(wanted, cap);
  const least = level(wanted, cap / SPARE);
  return Math.max(least, Math.min(current, most));
}

function level(wanted: number, cap: number): number {
  for (let halvings = 0; halvings <= HALVINGS; halvings += 1) {
    const weight = Math.floor(wanted / 2 ** halvings);
    if (weight <= cap) return weight;
  }
  return 0;
}
