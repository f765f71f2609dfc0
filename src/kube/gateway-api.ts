import type { KubeObject } from "./object.ts";

/** gateway.networking.k8s.io/v1, as far as we write or read it. */
export interface HTTPRoute extends KubeObject {
  readonly spec: HTTPRouteSpec;
  readonly status?: { readonly parents?: readonly RouteParentStatus[] } | undefined;
}

export interface HTTPRouteSpec {
  readonly parentRefs?: readonly ParentReference[] | undefined;
  readonly hostnames?: readonly string[] | undefined;
  /** An atomic list: whoever applies a part of it owns all of it. */
  readonly rules?: readonly HTTPRouteRule[] | undefined;
}

export interface ParentReference {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly sectionName?: string | undefined;
  readonly port?: number | undefined;
}

export interface HTTPRouteRule {
  readonly name?: string | undefined;
  readonly matches?: readonly HTTPRouteMatch[] | undefined;
  readonly filters?: readonly HTTPRouteFilter[] | undefined;
  readonly backendRefs?: readonly HTTPBackendRef[] | undefined;
  readonly timeouts?: { readonly request?: string; readonly backendRequest?: string } | undefined;
}

export interface HTTPRouteMatch {
  readonly path?: { readonly type: "Exact" | "PathPrefix" | "RegularExpression"; readonly value: string } | undefined;
  readonly headers?: readonly HTTPHeaderMatch[] | undefined;
  readonly method?: string | undefined;
}

export interface HTTPHeaderMatch {
  readonly type?: "Exact" | "RegularExpression" | undefined;
  readonly name: string;
  readonly value: string;
}

export interface BackendObjectReference {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly port?: number | undefined;
}

export interface HTTPBackendRef extends BackendObjectReference {
  readonly weight?: number | undefined;
  readonly filters?: readonly HTTPRouteFilter[] | undefined;
}

export type HTTPRouteFilter =
  | { readonly type: "RequestHeaderModifier"; readonly requestHeaderModifier: HeaderModifier }
  | { readonly type: "ResponseHeaderModifier"; readonly responseHeaderModifier: HeaderModifier }
  | { readonly type: "RequestMirror"; readonly requestMirror: RequestMirror };

export interface HeaderModifier {
  readonly set?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly add?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

export interface RequestMirror {
  readonly backendRef: BackendObjectReference;
  /** Whole percent, 0 to 100. */
  readonly percent?: number | undefined;
}

export interface RouteParentStatus {
  readonly parentRef: ParentReference;
  readonly controllerName: string;
  readonly conditions?:
    | readonly {
        readonly type: string;
        readonly status: "True" | "False" | "Unknown";
        readonly reason: string;
        readonly message: string;
        readonly observedGeneration?: number | undefined;
      }[]
    | undefined;
}

export interface Gateway extends KubeObject {
  readonly spec: { readonly gatewayClassName: string; readonly listeners: readonly GatewayListener[] };
  readonly status?:
    | { readonly addresses?: readonly { readonly type?: string | undefined; readonly value: string }[] }
    | undefined;
}

export interface GatewayListener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname?: string | undefined;
}
