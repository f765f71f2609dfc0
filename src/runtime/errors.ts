/** An error that trying again cannot cure: the object is left alone until it, or something it depends on, changes. */
export class StalledError extends Error {
  override readonly name = "StalledError";
  /** CamelCase, for the Stalled condition. */
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
