/**
 * Whether everything that is wanted stands already, so that it need not be applied. What the API server filled in, or
 * somebody else added, is no difference; a list has to be the same item by item. Absent is as good as empty, and what is
 * wanted as null has to be absent.
 */
export function covers(stands: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (wanted === null) return stands === undefined || stands === null;
  if (Array.isArray(wanted)) {
    const items = stands ?? [];
    return Array.isArray(items) && items.length === wanted.length && wanted.every((item, i) => covers(items[i], item));
  }
  if (typeof wanted === "object") {
    const members = Object.entries(wanted);
    if (typeof stands !== "object" || stands === null) return stands === undefined && members.length === 0;
    return members.every(([key, value]) => covers(Reflect.get(stands, key), value));
  }
  return stands === wanted;
}

export interface Difference {
  /** As in `spec.rules[0].backendRefs`. */
  readonly path: string;
  readonly stands: unknown;
  readonly wanted: unknown;
}

/** Where what stands does not cover what is wanted, as deep as both have the same shape. */
export function differences(stands: unknown, wanted: unknown, path = ""): readonly Difference[] {
  if (covers(stands, wanted)) return [];
  if (Array.isArray(wanted) && Array.isArray(stands) && wanted.length === stands.length)
    return wanted.flatMap((item, i) => differences(stands[i], item, `${path}[${i}]`));
  if (isRecord(wanted) && isRecord(stands))
    return Object.entries(wanted).flatMap(([key, value]) => differences(stands[key], value, memberPath(path, key)));
  return [{ path, stands, wanted }];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function memberPath(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}["${key}"]`;
  return path === "" ? key : `${path}.${key}`;
}
