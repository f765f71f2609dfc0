/** Characters of a string, or of a tree as JSON. Longer ones are sentences and state: hardly any two are alike. */
const LONGEST = 200;

const knownString = remembered<string>(10_000);
const knownTree = remembered<object>(2_000);

/**
 * In place: nothing in it can be changed any more, and strings, objects and arrays in it are those of all others that are
 * alike. JSON.parse makes new ones, and a thousand canaries have the same names, labels, images, resources and security
 * contexts many thousand times. What was not seen for long is forgotten: then there is another one of it, and nothing else.
 * So which object it is says nothing: two containers that are alike in one pod are the same one.
 */
export function frozen<T extends object>(value: T): T {
  if (isTree(value)) settleMembers(value);
  return Object.freeze(value);
}

/** Puts the known value in its place; its JSON, or undefined where that is too long for any other to be alike. */
function settle(holder: Record<string, unknown>, key: string): string | undefined {
  const value = holder[key];
  if (typeof value === "string") {
    if (value.length > LONGEST) return undefined;
    holder[key] = knownString(value, value);
    return JSON.stringify(value);
  }
  if (typeof value !== "object" || value === null) return String(value);
  const text = isTree(value) ? settleMembers(value) : undefined;
  Object.freeze(value);
  if (text !== undefined) holder[key] = knownTree(text, value);
  return text;
}

function settleMembers(members: Record<string, unknown>): string | undefined {
  const isArray = Array.isArray(members);
  let text: string | undefined = "";
  for (const key of Object.keys(members)) {
    const member = settle(members, key);
    if (text === undefined || member === undefined) text = undefined;
    else text += isArray ? `${member},` : `${JSON.stringify(key)}:${member},`;
    if (text !== undefined && text.length > LONGEST) text = undefined;
  }
  if (text === undefined) return undefined;
  return isArray ? `[${text}]` : `{${text}}`;
}

/** As JSON has them, and not settled yet. */
function isTree(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === Array.prototype) && !Object.isFrozen(value);
}

/** The first of all values that were given under a key. So many are known at any time, and twice as many at most. */
function remembered<T>(generation: number): (key: string, value: T) => T {
  let recent = new Map<string, T>();
  let older = recent;
  return (key, value) => {
    const known = recent.get(key);
    if (known !== undefined) return known;
    const kept = older.get(key) ?? value;
    if (recent.size >= generation) {
      older = recent;
      recent = new Map();
    }
    recent.set(key, kept);
    return kept;
  };
}
