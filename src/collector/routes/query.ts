import * as z from "zod";
import type { Cursor } from "../../api/contracts/collector-api.ts";
import { ApiError } from "../api-error.ts";

/** A sequence number in a query string; 0 is before the first. */
export const sequenceParameter = z.coerce.number().int().min(0);

/** Records. */
const LARGEST_PAGE = 1_000;

export const limitParameter = z.coerce.number().int().min(1).max(LARGEST_PAGE).default(LARGEST_PAGE);

export const pageParameters = {
  after: sequenceParameter.default(0),
  afterId: z.string().min(1).optional(),
  limit: limitParameter,
};

export function cursorOf({ after, afterId }: { after: number; afterId?: string | undefined }): Cursor | null {
  if (after === 0) return null;
  if (afterId !== undefined) return { sequence: after, id: afterId };
  throw new ApiError(422, "Invalid", "afterId: give the id of the record that after names", "afterId");
}
