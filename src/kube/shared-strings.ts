/** So many at least are known at any time, and twice as many at most. */
const GENERATION = 10_000;

/** Characters. Longer ones are sentences and state: hardly any two are alike, and ten thousand old ones would be kept for it. */
const LONGEST = 200;

let recent = new Map<string, string>();
let older = recent;

/**
 * One string for all that are alike. JSON.parse makes a new one of every value, and a thousand canaries have the same
 * names, labels, images and reasons many thousand times. What was not seen for long is forgotten: then there is another
 * one of it, and nothing else.
 */
export function shared(text: string): string {
  if (text.length > LONGEST) return text;
  const known = recent.get(text);
  if (known !== undefined) return known;
  const kept = older.get(text) ?? text;
  if (recent.size >= GENERATION) {
    older = recent;
    recent = new Map();
  }
  recent.set(kept, kept);
  return kept;
}
