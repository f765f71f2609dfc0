import { ANNOTATION } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { isRouteEntry, readOrders, routeEntry } from "../../controllers/preferencecanary/run/orders.ts";
import { Failure } from "../failure.ts";

export const verbs = ["approve", "pause", "resume", "promote", "rollback", "retry"] as const;
export type Verb = (typeof verbs)[number];

export interface Order {
  readonly verb: Verb;
  /** The step that the candidate is in, unless it is named. */
  readonly step?: string;
  /** Whoever read a status gives the revision that it named, so that the order is not for the next one. */
  readonly revision?: string;
}

export type Annotations = Readonly<Record<string, string | null>>;

/** The annotations that give an order, and null for those that it ends. Throws a Failure when there is nothing to order. */
export function annotationsOf(order: Order, canary: PreferenceCanary): Annotations {
  const { verb } = order;
  if (verb === "retry") return retry(order, canary);
  if (verb === "resume" && isAboutRoute(order, canary)) return resumeRoute(canary);
  const revision = candidateOf(order, canary);
  switch (verb) {
    case "approve": {
      const entries = withEntry(canary, "approve", revision, stepOf(order, canary));
      return { ...withoutTryBefore(canary, revision), [ANNOTATION.approve]: entries };
    }
    case "promote":
      return { ...withoutTryBefore(canary, revision), [ANNOTATION.promote]: revision };
    case "resume":
      return resume(order, canary, revision);
    default:
      return { [ANNOTATION[verb]]: revision };
  }
}

/**
 * As long as the order to try again stands, an order to go further may be of the try before, and does not count. So that one
 * of this try does, it goes, and with it whatever would count from then on.
 */
function withoutTryBefore(canary: PreferenceCanary, revision: string): Annotations {
  if (!readOrders(canary, revision).isAnew) return {};
  const earlier = [ANNOTATION.approve, ANNOTATION.promote, ANNOTATION.resume];
  return { ...standing(canary, earlier, revision), [ANNOTATION.retry]: null };
}

/** Takes those off that name the revision. */
function standing({ metadata }: PreferenceCanary, names: readonly string[], revision: string): Annotations {
  const named = names.filter((name) => metadata.annotations?.[name]?.includes(revision));
  return Object.fromEntries(named.map((name) => [name, null]));
}

/** Takes an order to pause off; where there is none, ends the pause of the step. */
function resume(order: Order, canary: PreferenceCanary, revision: string): Annotations {
  if (readOrders(canary, revision).pause) return { [ANNOTATION.pause]: null };
  const step = stepOf(order, canary);
  if (canary.spec.steps.find(({ name }) => name === step)?.pause === undefined)
    throw new Failure(`nothing is paused: no order to pause ${revision} stands, and step ${step} has no pause`);
  const entries = withEntry(canary, "resume", revision, step);
  return { ...withoutTryBefore(canary, revision), [ANNOTATION.resume]: entries };
}

/** What holds every run is ended first; whoever names a step or a revision means that. */
function isAboutRoute({ step, revision }: Order, { status }: PreferenceCanary): boolean {
  return status?.foreignWrite !== undefined && step === undefined && revision === undefined;
}

/** Has what somebody else wrote into the route written back; what was said of steps stays. */
function resumeRoute({ metadata, status }: PreferenceCanary): Annotations {
  const ofSteps = (metadata.annotations?.[ANNOTATION.resume] ?? "")
    .split(/[,\s]+/)
    .filter((entry) => entry !== "" && !isRouteEntry(entry));
  return { [ANNOTATION.resume]: [...ofSteps, routeEntry(status?.foreignWrite?.generation ?? 0)].join(",") };
}

function retry(order: Order, canary: PreferenceCanary): Annotations {
  const { lastRun } = canary.status ?? {};
  const revision = order.revision ?? lastRun?.revision;
  const isOver = lastRun?.outcome === "RolledBack" || lastRun?.outcome === "Failed";
  if (revision === undefined || (order.revision === undefined && !isOver))
    throw new Failure(`nothing was rejected or has failed last: name what is to be tried again with --revision`);
  // An approval may be somebody else's to take back; beside this order it does not count.
  const earlier = [ANNOTATION.rollback, ANNOTATION.promote, ANNOTATION.resume, ANNOTATION.pause];
  return { [ANNOTATION.retry]: revision, ...standing(canary, earlier, revision) };
}

/** While there are several contenders and no candidate, the one that is named. */
function candidateOf({ verb, revision }: Order, { status }: PreferenceCanary): string {
  const contenders = status?.contenders ?? [];
  const candidate = status?.candidate?.revision ?? contenders.find((each) => each.revision === revision)?.revision;
  if (candidate === undefined && contenders.length > 0) {
    const names = contenders.map((each) => `${each.revision} (${each.name})`).join(", ");
    throw new Failure(`one of several models is being chosen: name the one to ${verb} with --revision: ${names}`);
  }
  if (candidate === undefined)
    throw new Failure(`there is no candidate to ${verb}: ${status?.phase ?? "no status yet"}`);
  if (revision !== undefined && revision !== candidate)
    throw new Failure(`the candidate is ${candidate} and not ${revision}: look again before you ${verb} it`);
  return candidate;
}

function stepOf({ verb, step }: Order, { spec, status }: PreferenceCanary): string {
  const name = step ?? status?.step?.name;
  if (name === undefined) throw new Failure(`the candidate is in no step yet: name the one to ${verb} with --step`);
  const names = spec.steps.map((each) => each.name);
  if (!names.includes(name)) throw new Failure(`there is no step ${name}: one of ${names.join(", ")}`);
  return name;
}

/** What was said of other steps in this try of the revision stays. */
function withEntry(canary: PreferenceCanary, verb: "approve" | "resume", revision: string, step: string): string {
  const entries = (canary.metadata.annotations?.[ANNOTATION[verb]] ?? "").split(/[,\s]+/);
  const { isAnew } = readOrders(canary, revision);
  const ofRevision = entries.filter((entry) => !isAnew && entry.startsWith(`${revision}/`));
  return [...new Set([...ofRevision, `${revision}/${step}`])].join(",");
}
