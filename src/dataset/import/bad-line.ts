import type { InvalidReason } from "../../api/contracts/profile.ts";

export type BadLineReason =
  | InvalidReason
  | "NotUtf8"
  | "NotJson"
  | "NotAnObject"
  | "MissingColumn"
  | "NoPrompt"
  | "NotAccepted";

/** What makes one line unusable; the others are read on. */
export class BadLineError extends Error {
  override readonly name = "BadLineError";
  readonly reason: BadLineReason;

  constructor(reason: BadLineReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
