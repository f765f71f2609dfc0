import type { KubeObject } from "./object.ts";

/** networking.istio.io/v1, as far as we write or read it. */
export interface VirtualService extends KubeObject {
  readonly spec: VirtualServiceSpec;
}

export interface VirtualServiceSpec {
  readonly hosts?: readonly string[] | undefined;
  readonly gateways?: readonly string[] | undefined;
  /** Of several that match, the first is followed. */
  readonly http?: readonly VirtualServiceRule[] | undefined;
}

export interface VirtualServiceRule {
  readonly name?: string | undefined;
  readonly match?: readonly VirtualServiceMatch[] | undefined;
  readonly route?: readonly VirtualServiceRoute[] | undefined;
  readonly mirrors?:
    | readonly {
        readonly destination: Destination;
        /** Percent. */
        readonly percentage?: { readonly value: number } | undefined;
      }[]
    | undefined;
}

export interface VirtualServiceMatch {
  readonly uri?: StringMatch | undefined;
  readonly headers?: Readonly<Record<string, StringMatch>> | undefined;
}

export interface StringMatch {
  readonly exact?: string | undefined;
  readonly prefix?: string | undefined;
  readonly regex?: string | undefined;
}

export interface VirtualServiceRoute {
  readonly destination: Destination;
  /** In proportion to the sum of all. */
  readonly weight?: number | undefined;
  readonly headers?:
    | {
        readonly response?: {
          readonly set?: Readonly<Record<string, string>> | undefined;
          readonly add?: Readonly<Record<string, string>> | undefined;
        };
      }
    | undefined;
}

export interface Destination {
  /** A name without dots is that of a Service in the VirtualService's namespace. */
  readonly host: string;
  readonly port?: { readonly number: number } | undefined;
}
