/**
 * The same function, which makes of an object what it makes of it once, for as long as the object is there. It has to be
 * pure, and the object one that never changes, as those of caches: every pass reads the same ones again.
 */
export function oncePerObject<Key extends object, Made>(make: (object: Key) => Made): (object: Key) => Made {
  const made = new WeakMap<Key, { readonly value: Made }>();
  return (object) => {
    const known = made.get(object);
    if (known !== undefined) return known.value;
    const value = make(object);
    made.set(object, { value });
    return value;
  };
}
