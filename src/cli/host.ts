/** What a command sees of the machine it runs on. */
export interface Host {
  /** Relative paths are meant from here. */
  readonly cwd: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Results: to stdout. */
  print(text: string): void;
  /** What goes beside them: to stderr. */
  note(text: string): void;
}
