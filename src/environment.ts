import * as z from "zod";

/** A role's configuration: one environment variable that holds JSON, checked once. Throws what is wrong, by path. */
export function configFrom<Schema extends z.ZodType>(
  environment: Readonly<Record<string, string | undefined>>,
  variable: string,
  schema: Schema,
): z.infer<Schema> {
  const text = environment[variable];
  if (text === undefined) throw new Error(`${variable} is not set: it holds this role's configuration as JSON`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${variable} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new Error(`${variable} is not as it should be:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
