interface Operation {
  readonly op: "add" | "replace" | "remove" | "test";
  readonly path: string;
  readonly value?: unknown;
}

/** As the API server applies it (RFC 6902), for what the operator writes; throws what it refuses. */
export function patched<T>(object: T, body: readonly unknown[]): T {
  const copy = structuredClone(object);
  for (const operation of body as readonly Operation[]) apply(copy, operation);
  return copy;
}

function apply(root: unknown, { op, path, value }: Operation): void {
  const keys = path
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = keys.pop() ?? "";
  const parent = keys.reduce<unknown>((at, key) => Reflect.get(at as object, key), root) as object;
  const stands: unknown = Reflect.get(parent, last);
  if (op === "test" && JSON.stringify(stands) !== JSON.stringify(value)) throw new Error(`422: test of ${path}`);
  if ((op === "remove" || op === "replace") && stands === undefined) throw new Error(`422: no ${path} to ${op}`);
  if (op === "remove") Reflect.deleteProperty(parent, last);
  if (op === "add" || op === "replace") Reflect.set(parent, last, value);
}
