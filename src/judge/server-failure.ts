/** RateLimited, Unavailable, TimedOut and Unauthorized pass, or are mended by somebody; the others are about what was asked. */
export type FailureReason = "RateLimited" | "Unavailable" | "TimedOut" | "Unauthorized" | "Refused" | "NotUnderstood";

const LASTING: readonly FailureReason[] = ["Refused", "NotUnderstood"];

/** Why the judge's server gave no answer. */
export class ServerFailure extends Error {
  override readonly name = "ServerFailure";
  readonly reason: FailureReason;
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number;

  constructor(reason: FailureReason, message: string, retryAfterMs = 0) {
    super(message);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same question may be answered later. */
  get isPassing(): boolean {
    return !LASTING.includes(this.reason);
  }
}

export function failureOfStatus(status: number, text: string, retryAfterMs: number): ServerFailure {
  return new ServerFailure(reasonOf(status), `answered ${status}: ${text}`, retryAfterMs);
}

function reasonOf(status: number): FailureReason {
  if (status === 429) return "RateLimited";
  if (status === 401 || status === 403) return "Unauthorized";
  return status === 408 || status >= 500 ? "Unavailable" : "Refused";
}
