/** Of the numbers that somebody asks for there are few; whoever changes them again and again must not fill the memory. */
const MOST = 100;

/**
 * Most canaries ask for the same numbers: what is made of those does for all of them. `make` is told by its arguments alone
 * what to make, and they are plain data.
 */
export function shared<Args extends readonly unknown[], Made>(make: (...args: Args) => Made): (...args: Args) => Made {
  const made = new Map<string, Made>();
  return (...args) => {
    const key = JSON.stringify(args);
    const known = made.get(key);
    if (known !== undefined) return known;
    if (made.size >= MOST) made.clear();
    const one = make(...args);
    made.set(key, one);
    return one;
  };
}
