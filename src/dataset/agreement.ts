import type { DuckDBConnection } from "@duckdb/node-api";
import * as z from "zod";
import type { ProfileQuality } from "../api/contracts/profile.ts";
import { agreementInterval } from "./bootstrap-interval.ts";
import { selectRows } from "./database.ts";
import { krippendorffAlpha, type RatedUnits } from "./krippendorff.ts";

/** A labeler who chose both ways on a pair has no one rating of it; the other labelers' ratings of that pair stay. */
const selectShapes = `
  WITH rating AS (
    SELECT pair_key, labeler, bool_and(chosen_first) AS chosen_first FROM vote WHERE labeler IS NOT NULL
    GROUP BY pair_key, labeler HAVING count(*) = 1),
  unit AS (
    SELECT count(*) FILTER (chosen_first) AS for_first, count(*) FILTER (NOT chosen_first) AS for_second
    FROM rating GROUP BY pair_key HAVING count(*) >= 2)
  SELECT for_first, for_second, count(*) AS units FROM unit GROUP BY for_first, for_second ORDER BY for_first, for_second`;

const shapeSchema = z
  .object({ for_first: z.coerce.number(), for_second: z.coerce.number(), units: z.coerce.number() })
  .transform((row): RatedUnits => ({ counts: [row.for_first, row.for_second], units: row.units }));

export interface Agreement {
  agreement: ProfileQuality["agreement"];
  /** in words: what it is about, or why there is none */
  note: string;
}

/** Agreement of labelers over the table `vote`. `random` draws the resamples of the interval. */
export async function measureAgreement(connection: DuckDBConnection, random: () => number): Promise<Agreement> {
  const rows = await selectRows(connection, selectShapes);
  const shapes = rows.map((row) => shapeSchema.parse(row));
  const units = shapes.reduce((total, shape) => total + shape.units, 0);
  if (units === 0) return { agreement: null, note: "no pair was judged by two named labelers" };
  const value = krippendorffAlpha(shapes);
  const interval = agreementInterval(shapes, random);
  if (value === null || interval === null) {
    return { agreement: null, note: `undefined: ${units} pairs were judged twice or more, with too little variation` };
  }
  const note = `Krippendorff's alpha, nominal, ${units} pairs with two labelers or more; 95% interval by bootstrap`;
  return { agreement: { value, interval, units }, note };
}
