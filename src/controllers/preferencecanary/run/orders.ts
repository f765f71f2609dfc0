import { ANNOTATION, RECORDED_BY } from "../../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";

/**
 * What people want done with a run, beside what its gates say. An order names its revision, so it is for no other run.
 * While `dpo.dev/retry` names that too, an order to go further may be one of the try before, and counts for nothing.
 */
export interface Orders {
  /** The order to try it again still stands. */
  readonly isAnew: boolean;
  readonly rollback: boolean;
  readonly pause: boolean;
  readonly promote: boolean;
  isApproved(step: string): boolean;
  isResumed(step: string): boolean;
  /** "dpo.dev/promote=b41a… by alice", as the API server has recorded it. */
  describe(verb: Verb): string;
}

type Verb = "rollback" | "pause" | "promote" | "approve" | "resume" | "retry";

/** What somebody else has written into the route, up to this generation of it, is to be written back. */
export function isRouteResumed({ metadata }: Pick<PreferenceCanary, "metadata">, generation: number): boolean {
  return entriesOf(metadata.annotations?.[ANNOTATION.resume]).includes(routeEntry(generation));
}

/** In the place of `<revision>/<step>`. */
export function routeEntry(generation: number): string {
  return `${ROUTE}${generation}`;
}

export function isRouteEntry(entry: string): boolean {
  return entry.startsWith(ROUTE);
}

/** No revision is called so. */
const ROUTE = "route/";

function entriesOf(annotation = ""): readonly string[] {
  return annotation.split(/[,\s]+/);
}

export function readOrders({ metadata }: Pick<PreferenceCanary, "metadata">, revision: string): Orders {
  const { annotations = {} } = metadata;
  const named = (verb: Verb) => entriesOf(annotations[ANNOTATION[verb]]);
  const isAnew = named("retry").includes(revision);
  return {
    isAnew,
    rollback: named("rollback").includes(revision),
    pause: named("pause").includes(revision),
    promote: !isAnew && named("promote").includes(revision),
    isApproved: (step) => !isAnew && named("approve").includes(`${revision}/${step}`),
    isResumed: (step) => !isAnew && named("resume").includes(`${revision}/${step}`),
    describe: (verb) => {
      const who = annotations[`${ANNOTATION[verb]}${RECORDED_BY}`];
      return `${ANNOTATION[verb]}=${annotations[ANNOTATION[verb]]} by ${who ?? "somebody (unverified)"}`;
    },
  };
}
