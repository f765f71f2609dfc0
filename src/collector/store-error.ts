/**
 * CursorUnknown: the stream has no such record. IdMismatch: the id was used for something else.
 * StoreUnavailable: no space, a lost volume, a failing disk; nothing of the write is there.
 */
export type StoreErrorReason = "CursorUnknown" | "IdMismatch" | "StoreUnavailable";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly reason: StoreErrorReason;
  /** The field of the request that it is about. */
  readonly path: string | undefined;

  constructor(reason: StoreErrorReason, message: string, path?: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.path = path;
  }
}
