/**
 * Reads and writes of single objects and lists, on raw JSON. Every write names its field manager; applies own what they
 * say (force), so that what the operator states is what stands. An apply that changes nothing is no new version.
 */
import * as z from "zod";
import type { TokenReview } from "./built-in.ts";
import { isNotFound } from "./errors.ts";
import { type List, listAll, type Selection } from "./list.ts";
import type { KubeObject, ObjectKey, ObjectMeta, Stored } from "./object.ts";
import {
  apiVersionOf,
  collectionPath,
  decode,
  objectPath,
  type Resource,
  serviceAccounts,
  tokenReviews,
} from "./resource.ts";
import type { ApiRequest, Transport } from "./transport.ts";
import { recordWrite } from "./writes.ts";

/** What an apply states: metadata and any other top-level fields, without apiVersion and kind. */
export type Applied<T extends KubeObject> = Partial<Omit<T, "metadata" | "apiVersion" | "kind">> & {
  readonly metadata: ObjectMeta;
};

export interface AppliedStatus<T extends KubeObject> {
  readonly metadata: ObjectMeta;
  readonly status: T extends { readonly status?: infer Status } ? NonNullable<Status> : unknown;
}

export type Patch =
  | { readonly type: "merge"; readonly body: unknown }
  /** RFC 6902; `test` operations make it conditional. */
  | { readonly type: "json"; readonly body: readonly unknown[] };

/** What must be true of the object for a delete to happen; otherwise 409. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface DeleteOptions {
  readonly preconditions?: Preconditions;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
}

/** Errors: ApiError for what the server refuses, ConnectionError when it does not answer. */
export interface Client {
  /** undefined when there is no such object. A live, consistent read. */
  get<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    signal?: AbortSignal,
  ): Promise<Stored<T> | undefined>;
  list<T extends KubeObject>(resource: Resource<T>, selection?: Selection, signal?: AbortSignal): Promise<List<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: Applied<T>, signal?: AbortSignal): Promise<Stored<T>>;
  /** PUT. With metadata.resourceVersion it is refused (409) when the object has changed. */
  replace<T extends KubeObject>(resource: Resource<T>, object: Applied<T>, signal?: AbortSignal): Promise<Stored<T>>;
  /** Server-side apply with force. metadata.uid makes it never create, metadata.resourceVersion makes it conditional. */
  apply<T extends KubeObject>(resource: Resource<T>, object: Applied<T>, signal?: AbortSignal): Promise<Stored<T>>;
  /** Server-side apply to the status subresource. */
  applyStatus<T extends KubeObject>(
    resource: Resource<T>,
    object: AppliedStatus<T>,
    signal?: AbortSignal,
  ): Promise<Stored<T>>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    signal?: AbortSignal,
  ): Promise<Stored<T>>;
  /** False when it was gone already. */
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions, signal?: AbortSignal): Promise<boolean>;
  /** Who a bearer token belongs to, and whether it was made for one of `audiences`. */
  reviewToken(
    token: string,
    audiences: readonly string[],
    signal?: AbortSignal,
  ): Promise<NonNullable<TokenReview["status"]>>;
  /** A token of the ServiceAccount, good for an hour, that whoever has this audience takes. */
  requestToken(account: ObjectKey, audience: string, signal?: AbortSignal): Promise<string>;
}

const TokenAnswer = z.object({ status: z.object({ token: z.string() }) });

const PATCH_TYPES = { merge: "application/merge-patch+json", json: "application/json-patch+json" };

/** `transport` should be `retried`; `fieldManager` is one a controller and never changes. */
export function createClient(transport: Transport, fieldManager: string): Client {
  async function write<T extends KubeObject>(resource: Resource<T>, request: ApiRequest): Promise<Stored<T>> {
    const { body } = await transport.send({ ...request, query: { fieldManager, ...request.query } });
    const object = decode(resource, body);
    recordWrite(resource, object.metadata, body);
    return object;
  }

  function apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Applied<T> | AppliedStatus<T>,
    subresource: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Stored<T>> {
    return write(resource, {
      method: "PATCH",
      path: objectPath(resource, object.metadata, subresource),
      query: { force: true },
      contentType: "application/apply-patch+yaml",
      body: complete(resource, object),
      signal,
    });
  }

  return {
    async get(resource, key, signal) {
      try {
        const { body } = await transport.send({ method: "GET", path: objectPath(resource, key), signal });
        return decode(resource, body);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: (resource, selection, signal) => listAll(transport, resource, selection, signal),
    create: (resource, object, signal) =>
      write(resource, {
        method: "POST",
        path: collectionPath(resource, object.metadata.namespace),
        body: complete(resource, object),
        signal,
      }),
    replace: (resource, object, signal) =>
      write(resource, {
        method: "PUT",
        path: objectPath(resource, object.metadata),
        body: complete(resource, object),
        signal,
      }),
    apply: (resource, object, signal) => apply(resource, object, undefined, signal),
    applyStatus: (resource, object, signal) => apply(resource, object, "status", signal),
    patch: (resource, key, patch, signal) =>
      write(resource, {
        method: "PATCH",
        path: objectPath(resource, key),
        contentType: PATCH_TYPES[patch.type],
        body: patch.body,
        signal,
      }),
    async delete(resource, key, options = {}, signal) {
      try {
        const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", ...options };
        const response = await transport.send({ method: "DELETE", path: objectPath(resource, key), body, signal });
        recordWrite(resource, key, response.body);
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
    async reviewToken(token, audiences, signal) {
      const review = complete(tokenReviews, { metadata: { name: "" }, spec: { token, audiences } });
      const { body } = await transport.send({
        method: "POST",
        path: collectionPath(tokenReviews),
        body: { ...review, metadata: {} },
        signal,
      });
      return tokenReviews.parse(body).status ?? {};
    },
    async requestToken(account, audience, signal) {
      const { body } = await transport.send({
        method: "POST",
        path: objectPath(serviceAccounts, account, "token"),
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: [audience] } },
        signal,
      });
      return TokenAnswer.parse(body).status.token;
    },
  };
}

function complete<T extends KubeObject>(resource: Resource<T>, object: Applied<T> | AppliedStatus<T>): object {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
}
