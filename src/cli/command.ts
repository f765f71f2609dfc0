import type { Host } from "./host.ts";

/** One word after `dpo`. */
export interface Command {
  /** What it does, in half a line. */
  readonly summary: string;
  /** What `--help` prints: usage, options, an example. */
  readonly help: string;
  /** Errors: {@link Failure} for what the user can mend. */
  run(args: readonly string[], host: Host): Promise<void>;
}
