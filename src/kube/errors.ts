/** What the API server said in a metav1.Status. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status. */
  readonly status: number;
  /** CamelCase: NotFound, AlreadyExists, Conflict, Invalid, Expired … */
  readonly reason: string;
  readonly details: StatusDetails;
  /** From the Retry-After header. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, failure: Omit<ApiFailure, "message">) {
    super(message);
    this.status = failure.status;
    this.reason = failure.reason;
    this.details = failure.details ?? {};
    this.retryAfterMs = failure.retryAfterMs;
  }
}

export interface ApiFailure {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails | undefined;
  readonly retryAfterMs?: number | undefined;
}

export interface StatusDetails {
  readonly name?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}

/** No answer: refused, reset, timed out. Whether a write took effect is unknown. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** Node's or undici's code, e.g. ECONNREFUSED; `DeadlineExceeded` is ours. */
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.reason === "AlreadyExists";
}

/** The object changed since it was read, or (with a uid in the body) is another one or gone. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason !== "AlreadyExists";
}

export function isInvalid(error: unknown): boolean {
  return error instanceof ApiError && error.status === 422;
}

export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403;
}

/**
 * What is written, or who may write it, is at fault: the same write is refused again. Of an apply with a field that its kind
 * does not have the API server says 500.
 */
export function isRefused(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  const isUntyped = error.status === 500 && error.message.includes("failed to create typed patch object");
  return [400, 403, 413, 422].includes(error.status) || isUntyped;
}

/** The resourceVersion is no longer in the server's history: list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.status === 410;
}

/** A body that is no metav1.Status (a proxy's page, say) is quoted in the message. */
export function apiError(request: string, status: number, body: unknown, retryAfterMs?: number): ApiError {
  const failure = (typeof body === "object" && body !== null ? body : {}) as Partial<ApiFailure>;
  const text = failure.message ?? (typeof body === "string" ? body.slice(0, 500) : "no message");
  return new ApiError(`${request}: ${status} ${text}`, {
    status,
    reason: failure.reason ?? "Unknown",
    details: failure.details,
    retryAfterMs,
  });
}
