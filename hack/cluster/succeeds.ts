import { CommandError, type RunOptions, run } from "../lib/run.ts";

/** Runs a command that is asked as a question. */
export async function succeeds(command: string, args: readonly string[], options?: RunOptions): Promise<boolean> {
  try {
    await run(command, args, options);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
