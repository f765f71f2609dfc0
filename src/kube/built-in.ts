import type {
  EventsV1Event,
  V1ConfigMap,
  V1ControllerRevision,
  V1Deployment,
  V1Job,
  V1Lease,
  V1Namespace,
  V1Pod,
  V1Service,
  V1TokenReview,
} from "@kubernetes/client-node";
import type { KubeObject, ObjectMeta } from "./object.ts";

type Unescaped<K> = K extends `_${infer Rest}` ? Rest : K;

/** Optional fields may be given as undefined: JSON leaves them out. */
type IfOptional<T, K extends keyof T> = object extends Pick<T, K> ? undefined : never;

/** A generated model as it stands in JSON: timestamps are strings, no field is renamed, nothing may be changed in place. */
type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [K in keyof T as Unescaped<K>]: Json<T[K]> | IfOptional<T, K> }
      : T;

type BuiltIn<Model> = Omit<Json<Model>, "metadata" | "apiVersion" | "kind"> &
  KubeObject & { readonly metadata: ObjectMeta };

export type ConfigMap = BuiltIn<V1ConfigMap>;
export type ControllerRevision = BuiltIn<V1ControllerRevision>;
export type Deployment = BuiltIn<V1Deployment>;
export type Event = BuiltIn<EventsV1Event>;
export type Job = BuiltIn<V1Job>;
export type Lease = BuiltIn<V1Lease>;
export type Namespace = BuiltIn<V1Namespace>;
export type Pod = BuiltIn<V1Pod>;
export type PodSpec = NonNullable<Pod["spec"]>;
export type PodTemplate = NonNullable<Deployment["spec"]>["template"];
export type Container = PodSpec["containers"][number];
export type Service = BuiltIn<V1Service>;
export type TokenReview = BuiltIn<V1TokenReview>;
