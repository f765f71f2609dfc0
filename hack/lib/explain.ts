import { CommandError } from "./run.ts";

/** What a person needs to know of an error: some say it in their message, all others are bugs and show their stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const saysAll = error.constructor === Error || error instanceof CommandError || isWrongUsage(error);
  const text = saysAll ? error.message : (error.stack ?? error.message);
  return error.cause === undefined ? text : `${text}\ncaused by: ${explain(error.cause)}`;
}

function isWrongUsage(error: Error): boolean {
  return "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
