import type { Cursor } from "../../api/contracts/collector-api.ts";
import { StoreError } from "../store-error.ts";

/** The sequence number to read on from; CursorUnknown when the stream's record of that number is not the cursor's. */
export function checkCursor(cursor: Cursor | null, idOf: (sequence: number) => string | undefined): number {
  if (cursor === null) return 0;
  if (idOf(cursor.sequence) === cursor.id) return cursor.sequence;
  const message = `record ${cursor.sequence} of this stream is not ${cursor.id}: read it again from the beginning`;
  throw new StoreError("CursorUnknown", message, "after");
}
