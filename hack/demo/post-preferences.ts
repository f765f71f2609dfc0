import { PostPreferencesResponse, type PreferenceRecord } from "../../src/api/contracts/collector-api.ts";
import { say } from "../lib/progress.ts";
import type { Workspace } from "./prepare.ts";

const RECORDS_AT_A_TIME = 200;

/** Posts preferences to the collector's intake and names those that it refuses; the others are kept all the same. */
export async function postPreferences(
  { collector, namespace }: Workspace,
  dataset: string,
  records: readonly PreferenceRecord[],
): Promise<{ accepted: number }> {
  let accepted = 0;
  for (let start = 0; start < records.length; start += RECORDS_AT_A_TIME) {
    const batch = { records: records.slice(start, start + RECORDS_AT_A_TIME) };
    const { status, body } = await collector.send(
      "POST",
      `/v1/namespaces/${namespace}/datasets/${dataset}/preferences`,
      batch,
    );
    if (status !== 200) throw new Error(`The collector answered ${status}: ${JSON.stringify(body)}`);
    const answer = PostPreferencesResponse.parse(body);
    accepted += answer.accepted;
    for (const { id, path, message } of answer.rejected) say(`  refused: ${id ?? "a record"}: ${path}: ${message}`);
  }
  return { accepted };
}
