import { CommandError } from "./run.ts";

/** What a person needs to know of an error: our own errors say it in their message, all others are bugs with a stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOurs = error.constructor === Error || error instanceof CommandError;
  const text = isOurs ? error.message : (error.stack ?? error.message);
  return error.cause === undefined ? text : `${text}\ncaused by: ${explain(error.cause)}`;
}
