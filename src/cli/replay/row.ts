/** What a file says about one comparison, by column; or why it cannot be read. `line` is where it begins, from 1. */
export type Row =
  | { readonly line: number; readonly cells: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly fault: string };
