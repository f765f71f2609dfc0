import type { ProfileFailure, ProfileFailureReason } from "../api/contracts/profile.ts";
import { CollectorError } from "../evidence/collector-error.ts";

/** DuckDB tells a failed write in words only. */
const storageWords =
  /no space left|read-only file system|permission denied|disk quota|cannot open file|could not write/i;
const storageCodes = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENOENT", "EIO"]);

/** What may go wrong before the records can be judged. */
type FaultReason = Exclude<ProfileFailureReason, "TooManyInvalid" | "TooFewPairs">;

const remedies: Record<FaultReason, string> = {
  CollectorUnreachable: "Is the collector running, and does a NetworkPolicy let this namespace reach it?",
  CollectorRefused: "Its log says more; the token's service account may read its own namespace only.",
  StorageFailed:
    "Is the claim mounted writable for this pod's group, and is there space on it and on the scratch volume?",
  Failed: "This is a fault of the profile: please report it with the pod's log.",
};

/** What stands in the termination log when the profile could not be made. */
export function failureOf(error: unknown): ProfileFailure {
  const reason = reasonOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return { error: { reason, message: `${message}. ${remedies[reason]}` } };
}

function reasonOf(error: unknown): FaultReason {
  if (error instanceof CollectorError)
    return error.reason === "Unreachable" ? "CollectorUnreachable" : "CollectorRefused";
  if (!(error instanceof Error)) return "Failed";
  const code = "code" in error ? error.code : undefined;
  const isStorage = (typeof code === "string" && storageCodes.has(code)) || storageWords.test(error.message);
  return isStorage ? "StorageFailed" : "Failed";
}
