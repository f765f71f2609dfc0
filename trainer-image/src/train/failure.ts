import type { TrainFailure } from "../../../src/api/contracts/train.ts";

/** Ends a training with a reason that the operator shows to its user. */
export class TrainingError extends Error {
  override readonly name = "TrainingError";
  readonly reason: TrainFailure["error"]["reason"];

  constructor(reason: TrainFailure["error"]["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
