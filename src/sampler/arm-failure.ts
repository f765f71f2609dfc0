export type FailureReason = "Unreachable" | "TimedOut" | "Refused" | "BrokeOff" | "TooLarge" | "NotUnderstood";

/** Why an arm gave no whole answer, as a word for metrics and a sentence for people. */
export class ArmFailure extends Error {
  override readonly name = "ArmFailure";
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
