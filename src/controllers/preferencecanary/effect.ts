import type { ControllerRevision, Deployment, Service } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import type { EventNote } from "../../kube/events.ts";
import type { InferenceService } from "../../kube/kserve.ts";
import type { RouteIntent, RouteKindName, RouteWrite } from "../../traffic/route-kind.ts";

/**
 * One write to the cluster. A pass makes at most one, and the next pass looks at what came of it: so there are no more
 * places to crash at than there are effects.
 */
export type Effect =
  | { readonly type: "AddFinalizer" }
  | { readonly type: "RemoveFinalizer" }
  | {
      readonly type: "WriteRoute";
      readonly intent: RouteIntent;
      readonly write: RouteWrite;
      /** It is refused when the route has changed since. What only takes an arm out is not: nothing may hold that up. */
      readonly isConditional: boolean;
      /** Takes requests of users from an arm that must not have them: nothing else is as urgent. */
      readonly isRollback: boolean;
      /** What somebody else had written, in words. */
      readonly undoes?: string;
    }
  /** Of a route that Git owns: it says what Git has in it again. */
  | { readonly type: "GiveRouteBack"; readonly write: RouteWrite }
  /** Likewise, and last: nothing says any more that it was adopted. */
  | { readonly type: "LetRouteGo"; readonly name: string; readonly uid: string }
  | { readonly type: "DeleteRoute"; readonly kind: RouteKindName; readonly uid: string }
  | { readonly type: "ApplyRecord"; readonly object: Applied<ControllerRevision> }
  | { readonly type: "ApplyDeployment"; readonly object: Applied<Deployment> }
  | { readonly type: "ApplyInferenceService"; readonly object: Applied<InferenceService> }
  | { readonly type: "ApplyService"; readonly object: Applied<Service> }
  | { readonly type: "DeleteDeployment"; readonly name: string; readonly uid: string }
  | { readonly type: "DeleteInferenceService"; readonly name: string; readonly uid: string }
  | { readonly type: "DeleteService"; readonly name: string; readonly uid: string }
  /** Takes our finalizer off a Service. */
  | { readonly type: "ReleaseService"; readonly name: string }
  | { readonly type: "DeleteRecord"; readonly name: string };

export type RouteWriting = Extract<Effect, { readonly type: "WriteRoute" }>;

export function isRollback(effect: Effect | undefined): boolean {
  return effect?.type === "WriteRoute" && effect.isRollback;
}

/** What the API server said when it would not do it, for a reason that stays until somebody mends it. */
export interface Refusal {
  readonly effect: Effect;
  readonly message: string;
}

/** What came of a pass: its one effect, and those that were refused before it. Without an effect nothing else is wanted. */
export interface Outcome {
  readonly effect?: Effect;
  readonly refusals: readonly Refusal[];
}

/** The name of what it writes; undefined of the canary itself and of its route. */
export function nameIn(effect: Effect): string | undefined {
  if ("object" in effect) return effect.object.metadata.name;
  return "name" in effect ? effect.name : undefined;
}

/** What a rule says: do this, or look again then. Nothing, when it has nothing to say. */
export type Advice =
  | { readonly effect: Effect }
  /** `note`: what people are told meanwhile. */
  | { readonly waitMs: number; readonly note?: EventNote }
  | undefined;
