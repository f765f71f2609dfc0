/** What can be wrong with a stored thing; the message names the folder or file and the remedy. */
export type ArtifactErrorReason = "NotFound" | "DigestMismatch" | "InvalidManifest" | "InvalidUri";

export class ArtifactError extends Error {
  override readonly name = "ArtifactError";
  readonly reason: ArtifactErrorReason;

  constructor(reason: ArtifactErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
