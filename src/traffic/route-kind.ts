import { ANNOTATION, MANAGED_BY } from "../api/v1alpha1/metadata.ts";
import type { Applied, Patch } from "../kube/client.ts";
import type { HTTPRoute } from "../kube/gateway-api.ts";
import type { KubeObject, ObjectKey, Stored } from "../kube/object.ts";
import { covers } from "../runtime/covers.ts";
import type { Slots } from "./slots.ts";
import type { Asked } from "./ways.ts";

/**
 * A kind of object that carries a canary's traffic. Who serves is decided in slots; a kind only translates: it reads
 * slots from an object, and writes slots into one.
 */
export interface RouteKind<T extends KubeObject = KubeObject> {
  readonly kind: RouteKindName;
  /** Of the object, in the canary's namespace. */
  readonly name: string;
  /** It is Git's: the canary adopts it, and neither makes nor deletes it. */
  readonly isGits?: boolean;
  /** `others`: of its kind, in its namespace; one of them may get its requests. */
  read(object: Stored<T>, others: readonly Stored<T>[]): RouteReading;
  /**
   * What the object has to cover when it is as the canary wants it, for whom it is to serve; `standing` is how it stands.
   * What somebody could add that leads requests elsewhere is null in it.
   */
  wanted(intent: RouteIntent, standing?: Stored<T>): object;
  /** The write that makes it so. Conditional, it is refused with a conflict when `standing` is not how it stands any more. */
  write(intent: RouteIntent, standing: Stored<T> | undefined, isConditional: boolean): RouteWrite;
  /** Of a route that is Git's: the write after which it is as Git has it; undefined when it is. */
  giveBack?(standing: Stored<T>): RouteWrite | undefined;
  /** How gateways are asked whether they serve it. */
  askable(object: Stored<T>): Askable;
}

/** In the slots of a route that is Git's: the backend that Git names. No revision is called so. */
export const ORIGINAL = "original";

export type RouteKindName = "HTTPRoute" | "VirtualService";

/** The Services of a canary's arms. */
export interface Arms {
  readonly canary: string;
  readonly namespace: string;
  readonly port: number;
}

/** What stands on a route beside the traffic, and is written together with it. */
export interface Verdicts {
  /** The revision that has, or had last, the whole weight. */
  readonly stable: string;
  readonly rejected?: Rejection;
  readonly contested?: Contest;
}

export interface Rejection {
  readonly revision: string;
  /** In words. */
  readonly reason: string;
}

/** Somebody else's change that was written back. */
export interface Contest {
  /** RFC 3339. */
  readonly at: string;
  /** What the route said, in words. */
  readonly words: string;
}

/** Everything that is decided about a canary's route. */
export interface RouteIntent extends Verdicts {
  /** Of everybody's requests. */
  readonly slots: Slots;
  readonly asked: Asked;
  /** Of the requests that name an arm, in the order of `waysOf`. */
  readonly ways: readonly Slots[];
  /** Percent of requests that are mirrored to the sampler; absent while there is none that could take them. */
  readonly mirrorPercent?: number;
}

/** What a route says to those who decide. */
export interface RouteReading extends Partial<Verdicts> {
  /** It carries a mark of ours: one of the same name that has none is somebody else's and stays as it is. */
  readonly isOurs: boolean;
  /** Of everybody's requests; absent when a stranger has made something else of it. */
  readonly slots?: Slots;
  /** Of the requests that name an arm; undefined in the place of one that a stranger has spoilt. */
  readonly ways: readonly (Slots | undefined)[];
  /** Services of its namespace that it sends anything to, mirrored requests included. */
  readonly names: ReadonlySet<string>;
  /** What everybody is served by is not as the operator writes it for these slots. */
  readonly isSpoilt: boolean;
  /** Its gateways and host names are the ones that the canary names. */
  readonly isAttached: boolean;
  /** What it sends where, in words. */
  readonly words: string;
  /** Why not every gateway that it names serves it, or which other route gets its requests, in words. */
  readonly unserved?: string;
  /** Of a route that is Git's. */
  readonly adoption?: Adoption;
}

export interface Adoption {
  /** It carries a canary's annotation. */
  readonly isMarked: boolean;
  /** The Service that Git names; absent where that is not known any more. */
  readonly original?: { readonly name: string; readonly namespace: string; readonly port: number };
  /** Why it cannot be adopted, in words. */
  readonly problem?: string;
}

/** The route with the Gateways that can be asked, and what the paths that it takes begin with; or why nobody can be, in words. */
export type Askable =
  | { readonly object: Stored<HTTPRoute>; readonly pathPrefix?: string }
  | { readonly problem: string };

export type RouteWrite =
  | { readonly type: "Apply"; readonly kind: RouteKindName; readonly object: Applied<KubeObject> }
  | { readonly type: "Patch"; readonly kind: RouteKindName; readonly key: ObjectKey; readonly body: JsonPatch };

export type JsonPatch = Extract<Patch, { readonly type: "json" }>["body"];

/** A whole object of ours. With its uid an apply never makes one that somebody has deleted. */
export function applied<T extends KubeObject>(
  kind: RouteKindName,
  { metadata, ...rest }: Applied<T>,
  standing: Stored<T> | undefined,
  isConditional: boolean,
): RouteWrite {
  const { uid, resourceVersion } = standing?.metadata ?? {};
  const condition = { ...(uid && { uid }), ...(isConditional && resourceVersion && { resourceVersion }) };
  return { type: "Apply", kind, object: { ...rest, metadata: { ...metadata, ...condition } } };
}

/** The operator has made it. */
export function isManaged({ metadata }: KubeObject): boolean {
  return covers(metadata.labels, MANAGED_BY);
}

/** It is the operator's own, or was until somebody took its labels off. */
export function isOwn(object: KubeObject): boolean {
  return isManaged(object) || readVerdicts(object).stable !== undefined;
}

export function verdictAnnotations({ stable, rejected, contested }: Verdicts): Readonly<Record<string, string>> {
  return {
    [ANNOTATION.stable]: stable,
    ...(rejected && {
      [ANNOTATION.rejected]: rejected.revision,
      [ANNOTATION.rejectedReason]: rejected.reason,
    }),
    ...(contested && { [ANNOTATION.contested]: `${contested.at} ${contested.words}` }),
  };
}

export function readVerdicts({ metadata: { annotations = {} } }: KubeObject): Partial<Verdicts> {
  const stable = annotations[ANNOTATION.stable];
  const revision = annotations[ANNOTATION.rejected];
  const [, at, words] = /^(\S+Z) (.+)$/.exec(annotations[ANNOTATION.contested] ?? "") ?? [];
  return {
    ...(stable && { stable }),
    ...(revision && { rejected: { revision, reason: annotations[ANNOTATION.rejectedReason] ?? "" } }),
    ...(at !== undefined && words !== undefined && { contested: { at, words } }),
  };
}
