import type { ErrorBody } from "../api/contracts/collector-api.ts";

/**
 * Why the collector gave no answer. `reason`: the collector's own (Forbidden, Invalid …), or Unreachable (no answer),
 * AnswerNotUnderstood (an answer of another shape), Unexpected (an error that is not the collector's, as a proxy's).
 * `status`: the HTTP status, 0 without an answer.
 */
export class CollectorError extends Error {
  override readonly name: string = "CollectorError";
  readonly reason: string;
  readonly status: number;

  constructor(reason: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.status = status;
  }
}

/** The collector does not know the record that the cursor names: what was folded so far has to be folded anew. */
export class CursorUnknown extends CollectorError {
  override readonly name = "CursorUnknown";

  constructor(status: number, message: string) {
    super("CursorUnknown", status, message);
  }
}

/** The collector's own words. */
export function collectorError({ reason, message }: ErrorBody["error"], status: number): CollectorError {
  return reason === "CursorUnknown" ? new CursorUnknown(status, message) : new CollectorError(reason, status, message);
}
