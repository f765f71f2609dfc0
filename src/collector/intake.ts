import type * as z from "zod";
import type { RejectedItem } from "../api/contracts/collector-api.ts";
import { ApiError } from "./api-error.ts";

export interface IndexedItem<Item> {
  index: number;
  item: Item;
}

export interface Intake<Item> {
  good: IndexedItem<Item>[];
  rejected: RejectedItem[];
}

/** Every item on its own: what is wrong with one loses no other. `field`: the name of the list, for paths. */
export function takeIn<Schema extends z.ZodType>(
  schema: Schema,
  field: string,
  values: readonly unknown[],
): Intake<z.output<Schema>> {
  const intake: Intake<z.output<Schema>> = { good: [], rejected: [] };
  for (const [index, value] of values.entries()) {
    const parsed = schema.safeParse(value);
    if (parsed.success) {
      intake.good.push({ index, item: parsed.data });
    } else {
      const { path, message } = firstIssue(parsed.error, [field, index]);
      const id = idOf(value);
      intake.rejected.push({ index, ...(id === undefined ? {} : { id }), reason: "Invalid", path, message });
    }
  }
  return intake;
}

/** The value as the schema has it, or a 422 that names the field. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = firstIssue(parsed.error, []);
  throw new ApiError(422, "Invalid", path === "" ? message : `${path}: ${message}`, path);
}

/** `records[3].prompt` */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

function firstIssue(error: z.ZodError, prefix: readonly PropertyKey[]): { path: string; message: string } {
  const [issue] = error.issues;
  return { path: fieldPath([...prefix, ...(issue?.path ?? [])]), message: issue?.message ?? "is not valid" };
}

function idOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("id" in value)) return undefined;
  return typeof value.id === "string" ? value.id : undefined;
}
