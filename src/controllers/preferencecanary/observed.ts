import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Deployment, Service } from "../../kube/built-in.ts";
import type { InferenceService } from "../../kube/kserve.ts";
import type { KubeObject, Stored } from "../../kube/object.ts";
import type { Writer } from "../../traffic/foreign-writer.ts";
import type { Finding } from "../../traffic/inquiries.ts";
import type { Liveness } from "../../traffic/liveness.ts";
import type { RouteReading } from "../../traffic/route-kind.ts";
import type { PodProblem } from "../pod-problem.ts";
import type { ArmTemplate, Model } from "./arms/model.ts";
import type { RevisionInputs } from "./arms/revision.ts";

/** Everything that one pass knows about the cluster: plain data, read once. */
export interface Observed {
  readonly canary: PreferenceCanary;
  /** The one in the spec, or that of the workload that it names; absent while there is none. */
  readonly template?: ArmTemplate;
  /** Services of somebody else's that the spec or a record names, by name. */
  readonly foreign: ReadonlyMap<string, Service>;
  /** Whether the Service that candidates are compared with answers; absent: it was not asked, or not heard of yet. */
  readonly baseline?: Finding;
  /** Models of validated jobs that are published to this canary. */
  readonly jobs: readonly Model[];
  /** What was made of each revision, by revision: kept as long as the canary. */
  readonly records: ReadonlyMap<string, RevisionRecord>;
  /** What stands of each arm, by revision. */
  readonly arms: ReadonlyMap<string, Arm>;
  readonly sampler: Arm;
  /** It has no Service: nobody asks it anything. */
  readonly judge: Arm;
  /** Whether the API server knows the kind of route that the spec wants. */
  readonly isRouteKindServed: boolean;
  /** Or that is not known, since the manager may not list it. */
  readonly isRouteKindHidden: boolean;
  /**
   * Whether the API server knows InferenceService. Hidden: the manager may not list it, so there may be some. Stale: it may
   * not any more, so there may be others than those that it knows.
   */
  readonly inferenceServices: "Served" | "Stale" | "Missing" | "Hidden";
  /** Absent until the first revision is ready, or when somebody deleted it. */
  readonly route?: Route;
  /** What the collector made of the runs that are to be archived. */
  readonly archives?: ArchiveAnswers;
}

/** By name of the run: where its archive is, or why there is none yet. */
export type ArchiveAnswers = ReadonlyMap<string, ArchiveAnswer>;
export type ArchiveAnswer =
  | { readonly archive: { readonly digest: string; readonly uri: string } }
  | { readonly problem: string };

/** A ControllerRevision. */
export type RevisionRecord = RevisionInputs & {
  readonly revision: string;
  /** RFC 3339; absent before it is stored. */
  readonly created?: string;
  readonly verdict?: RunVerdict;
  /** Why, in words. */
  readonly reason?: string;
  /** `dpo.dev/retry` has named it and the verdict was lifted for that. */
  readonly retried: boolean;
  /** When it was last tried again, RFC 3339; stays when the annotation goes. */
  readonly retriedAt?: string;
  /** When it was first to be given requests of users, RFC 3339; absent before that. */
  readonly firstServed?: string;
  /** Of which models its own was chosen, by the name of their set. */
  readonly choice?: string;
  /** Among how many it was first compared; stays, since its evidence goes on whatever Git lists later. */
  readonly among?: number;
  /** Its InferenceService is gone, which may be hidden by now. */
  readonly removed?: boolean;
};

export type RunVerdict = "Promoted" | "RolledBack" | "Failed";

/**
 * A Deployment with its Service; the Service alone where somebody else runs the pods behind it. That of an InferenceService is
 * KServe's own.
 */
export interface Arm {
  readonly inferenceService?: ObservedInferenceService;
  readonly deployment?: ObservedDeployment;
  readonly service?: ObservedService;
  /** Of its first pod that is not ready; absent while all of them are, and where somebody else runs them. */
  readonly podProblem?: PodProblem;
  /** Whether it has an InferenceService cannot be seen. */
  readonly isHidden?: true;
  /** Nothing of its pods is known but whether they answer. */
  readonly isExternal?: true;
  /** Whether it answers a request, asked while it is Ready and gets none; absent: it was not asked, or not heard of yet. */
  readonly answer?: Finding;
  /** How long it is known to be Ready and to get no request. */
  readonly idleMs?: number;
  /** Of a candidate that status says waits for nothing but pods: how long none of those has come that are still missing. */
  readonly shortMs?: number;
}

export type Role = "stable" | "candidate";

export interface ObservedInferenceService {
  readonly object: Stored<InferenceService>;
  readonly uid: string;
  /** Somebody deleted it; KServe's finalizer holds it until its own is taken away. */
  readonly terminating: boolean;
  /** What KServe's autoscaler makes of the one pod that a Deployment of KServe's begins with. */
  readonly minPods: number;
  /** KServe says that its pods can serve. */
  readonly ready: boolean;
  /** Why it is not, in words. */
  readonly problem?: string;
  /** As the Service says that KServe has made; absent before. */
  readonly backing?: Backing;
  /** In Knative mode: what finds its pods whatever Knative makes of them later. Those that are to go would get requests by it too. */
  readonly lastingSelector?: Backing["selector"];
  /** In Knative mode: whose pods will take over from those of the arm's Deployment. */
  readonly next?: ObservedDeployment;
}

/** Which pods requests for an arm go to. */
export interface Backing {
  readonly selector: Readonly<Record<string, string>>;
  readonly port: { readonly targetPort: number | string; readonly appProtocol?: string };
}

export interface ObservedDeployment {
  readonly object: Deployment;
  readonly uid: string;
  readonly role?: Role;
  /** Every pod is of the newest template and available, and there is no other one. */
  readonly ready: boolean;
  /** Pods that can take requests. */
  readonly available: number;
  /** Pods of an earlier template are still there, or the newest one was not looked at yet. */
  readonly isRollingOut: boolean;
  /** When it last came closer to being ready. */
  readonly progressedAt: Date;
}

export interface ObservedService {
  readonly object: Service;
  readonly uid: string;
  readonly role?: Role;
  /** Somebody deleted it; our finalizer holds it as long as the route names it. */
  readonly terminating: boolean;
  readonly held: boolean;
}

export interface Route extends RouteReading {
  readonly object: Stored<KubeObject>;
  readonly uid: string;
  readonly terminating: boolean;
  /** How long the slots of all requests are known to stand as they are. */
  readonly unchangedMs: number;
  /** Likewise, for everything that the route names. */
  readonly namesUnchangedMs: number;
  /** Whether requests are served by these slots. */
  readonly live: Liveness;
  /** Of one that Git owns, while it is given back: whether the Service that Git names answers. */
  readonly original?: Finding;
  /** Somebody has changed it: it is not as the operator writes it for these slots, or it is attached to something else. */
  readonly isMeddled: boolean;
  /** Who but the operator has last written into it, where that is known. */
  readonly writer?: Writer;
}
