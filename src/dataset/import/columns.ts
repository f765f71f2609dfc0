const otherFields = ["chosen", "rejected", "labeler", "labeledAt", "cohort"] as const;

/**
 * Which of the input's columns make a field. What is not mapped has its own name (TRL's columns). Several columns of a
 * prompt are joined, in this order, by an empty line; empty ones are left out.
 */
export interface Columns extends Partial<Record<(typeof otherFields)[number], string>> {
  prompt?: readonly string[];
}

/** Reads `prompt=instruction+input,chosen=good`. Throws an Error that says what is wrong with the text. */
export function parseColumns(text: string): Columns {
  const columns: Columns = {};
  for (const part of text.split(",")) {
    const [name = "", source = "", ...rest] = part.split("=").map((side) => side.trim());
    if (source === "" || rest.length > 0) throw new Error(`--columns: "${part}" must be <field>=<column>`);
    const field = otherFields.find((candidate) => candidate === name);
    if (name === "prompt") columns.prompt = source.split("+").map((column) => column.trim());
    else if (field !== undefined) columns[field] = source;
    else throw new Error(`--columns: "${name}" is none of prompt, ${otherFields.join(", ")}`);
  }
  return columns;
}
