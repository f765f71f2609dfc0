import * as z from "zod";
import type { PreferenceCanary, PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import { LIVE_MS } from "../../../traffic/liveness.ts";
import { WHOLE, weightIn } from "../../../traffic/slots.ts";
import type { Answer, Answers } from "../evidence/evidence.ts";
import type { GateStatus } from "../gates/gates.ts";
import type { Observed } from "../observed.ts";
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

/** Both arms' counters at the last moment at which they had moved, and what follows from the one before. */
interface Count {
  readonly candidate: number;
  readonly stable: number;
  /** Answers a second of both together; null before there are two counts. */
  readonly rate: number | null;
  /** Requests that the candidate must have had since one was last counted. */
  readonly unseen: number;
  /** Seconds since the count before: Prometheus may scrape more seldom than it is asked. */
  readonly spacing: number;
  /** How many counts in a row have been under this one. */
  readonly falls: number;
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
  const counts = records.reduce((state, record) => fold(state, record, served), before);
  const kept = { ...counts, weight: `${(weight * 100) / WHOLE}%` };
  const problem = "problem" in access ? access.problem : undefined;
  return { kept, cap: capOf(kept, parseDuration(maxExposure.interval), now), words: wordsOf(kept, problem) };
}

interface ServedShare {
  readonly share: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * One more count. Counters that stand still were not scraped, or nobody asked: what was known stays, and gets older. One
 * that falls has begun anew where it has done so twice in a row: once may be a scrape that was missed.
 */
function fold(kept: Kept, { sequence, id, at, said }: Answer, served: ServedShare): Kept {
  const told = { ...kept, cursor: { sequence, id } };
  if (said?.type !== "Metric" || said.stable === undefined) return told;
  const now = { candidate: said.value, stable: said.stable };
  const last = readCount(kept.state);
  if (last === undefined || kept.asOf === undefined)
    return counted(told, at, kept.answers + now.candidate, { ...now, rate: null, unseen: 0, spacing: 0, falls: 0 });
  const isFall = now.candidate < last.candidate || now.stable < last.stable;
  const hasMoved = now.candidate !== last.candidate || now.stable !== last.stable;
  if (isFall && last.falls === 0) return { ...told, state: writeCount({ ...last, falls: 1 }) };
  if (!hasMoved) return { ...told, state: writeCount({ ...last, falls: 0 }) };
  const spacing = (Date.parse(at) - Date.parse(kept.asOf)) / 1000;
  if (spacing <= 0) return told;
  const answers = increase(last.candidate, now.candidate);
  const all = answers + increase(last.stable, now.stable);
  // Counters that are back at nothing say where to go on from, and not that there are no requests.
  if (all === 0) return { ...told, state: writeCount({ ...last, ...now, falls: 0 }) };
  const rate = all / spacing;
  const had = served.since <= Date.parse(kept.asOf) ? served.share * rate * spacing : 0;
  const unseen = answers > 0 ? 0 : last.unseen + had;
  return counted(told, at, kept.answers + answers, { ...now, rate, unseen, spacing, falls: 0 });
}

function counted(kept: Kept, asOf: string, answers: number, count: Count): Kept {
  const { rate: _before, ...rest } = kept;
  const rate = count.rate === null ? {} : { rate: count.rate.toFixed(1) };
  return { ...rest, answers: Math.ceil(answers), asOf, ...rate, state: writeCount(count) };
}

function increase(before: number, now: number): number {
  return now >= before ? now - before : now;
}

const Counts = z.tuple([z.number(), z.number(), z.number().nullable(), z.number(), z.number(), z.number()]);

function writeCount({ candidate, stable, rate, unseen, spacing, falls }: Count): string {
  return JSON.stringify([candidate, stable, rate, unseen, spacing, falls]);
}

/** What cannot be read is counted anew. */
function readCount(text: string | undefined): Count | undefined {
  if (text === undefined) return undefined;
  try {
    const [candidate, stable, rate, unseen, spacing, falls] = Counts.parse(JSON.parse(text));
    return { candidate, stable, rate, unseen, spacing, falls };
  } catch {
    return undefined;
  }
}

/**
 * The largest weight w with: answers served + rate · w · (time since they were counted + time until less weight would show)
 * ≤ bound. That time is two intervals, the next count and one that fails, and what a gateway takes; where the counters move
 * more seldom than they are read, as with a longer scrape interval, it is two of theirs. It is 0 while nobody knows how many
 * requests there are, and falls as the last count gets older.
 */
function capOf({ answers, of, asOf, state }: Kept, intervalMs: number, now: Date): number {
  const { rate, unseen, spacing } = readCount(state) ?? { rate: null, unseen: 0, spacing: 0 };
  if (asOf === undefined || rate === null || unseen >= UNSEEN_LIMIT) return 0;
  const reactionMs = 2 * Math.max(intervalMs, spacing * 1000) + LIVE_MS;
  const seconds = (now.getTime() - Date.parse(asOf) + reactionMs) / 1000;
  return (WHOLE * Math.max(0, of - answers)) / (rate * seconds);
}

function wordsOf({ answers, of, rate, weight, state }: Kept, problem: string | undefined): string {
  const why = problem === undefined ? "" : ` (${problem})`;
  if (rate === undefined) return `how many requests there are is not known yet${why}`;
  if ((readCount(state)?.unseen ?? 0) >= UNSEEN_LIMIT)
    return `the query of spec.maxExposure counts nothing of it although requests were sent to it: compare its labels with the candidate's pods${why}`;
  return `it has served ${answers} of the ${of} answers of spec.maxExposure, and gets ${weight} of ${rate} requests a second${why}`;
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
