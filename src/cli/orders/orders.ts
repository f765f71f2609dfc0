import { ANNOTATION } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { readOrders } from "../../controllers/preferencecanary/orders.ts";
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
  const revision = candidateOf(order, canary);
  switch (verb) {
    case "approve": {
      const entries = withEntry(canary, "approve", revision, stepOf(order, canary));
      return { [ANNOTATION.approve]: entries, ...withoutRetry(canary, revision) };
    }
    case "promote":
      return { [ANNOTATION.promote]: revision, ...withoutRetry(canary, revision) };
    case "resume":
      return resume(order, canary, revision);
    default:
      return { [ANNOTATION[verb]]: revision };
  }
}

/** As long as the order to try again stands, an order to go further may be of the try before, and does not count. */
function withoutRetry(canary: PreferenceCanary, revision: string): Annotations {
  return readOrders(canary, revision).isAnew ? { [ANNOTATION.retry]: null } : {};
}

/** Takes an order to pause off; where there is none, ends the pause of the step. */
function resume(order: Order, canary: PreferenceCanary, revision: string): Annotations {
  if (readOrders(canary, revision).pause) return { [ANNOTATION.pause]: null };
  const step = stepOf(order, canary);
  if (canary.spec.steps.find(({ name }) => name === step)?.pause === undefined)
    throw new Failure(`nothing is paused: no order to pause ${revision} stands, and step ${step} has no pause`);
  const entries = withEntry(canary, "resume", revision, step);
  return { [ANNOTATION.resume]: entries, ...withoutRetry(canary, revision) };
}

function retry(order: Order, { metadata, status }: PreferenceCanary): Annotations {
  const { lastRun } = status ?? {};
  const revision = order.revision ?? lastRun?.revision;
  const isOver = lastRun?.outcome === "RolledBack" || lastRun?.outcome === "Failed";
  if (revision === undefined || (order.revision === undefined && !isOver))
    throw new Failure(`nothing was rejected or has failed last: name what is to be tried again with --revision`);
  // An approval may be somebody else's to take back; beside this order it does not count.
  const earlier = [ANNOTATION.rollback, ANNOTATION.promote, ANNOTATION.resume, ANNOTATION.pause];
  const standing = earlier.filter((name) => metadata.annotations?.[name]?.includes(revision));
  return { [ANNOTATION.retry]: revision, ...Object.fromEntries(standing.map((name) => [name, null])) };
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

/** What was said of other steps of this revision stays. */
function withEntry({ metadata }: PreferenceCanary, verb: "approve" | "resume", revision: string, step: string): string {
  const standing = (metadata.annotations?.[ANNOTATION[verb]] ?? "").split(/[,\s]+/);
  const ofRevision = standing.filter((entry) => entry.startsWith(`${revision}/`));
  return [...new Set([...ofRevision, `${revision}/${step}`])].join(",");
}
