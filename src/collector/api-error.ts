/** A refusal that goes to the caller as it is: `{"error": {reason, message, path?}}` with this status. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly reason: string;
  readonly path: string | undefined;

  constructor(status: number, reason: string, message: string, path?: string) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.path = path;
  }
}
