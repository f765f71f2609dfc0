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
