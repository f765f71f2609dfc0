/** Work that waits its turn: so much at a time, so much in line, and no more. */
export interface BoundedPool<T> {
  /** False when the line is full; the item is not taken then. */
  offer(item: T): boolean;
  isFull(): boolean;
  /** Items in line, without those under way. */
  waiting(): number;
  /** Empties the line; what is under way goes on. */
  drop(): void;
  /** Resolves once nothing waits and nothing is under way. */
  idle(): Promise<void>;
}

export interface BoundedPoolOptions<T> {
  readonly concurrency: number;
  /** Of the line. */
  readonly capacity: { readonly items: number; readonly size: number };
  sizeOf(item: T): number;
  work(item: T): Promise<void>;
  /** What `work` rejected with; the pool goes on. */
  onError(error: unknown): void;
}

export function boundedPool<T>(options: BoundedPoolOptions<T>): BoundedPool<T> {
  const { concurrency, capacity, sizeOf, work, onError } = options;
  const line: T[] = [];
  let size = 0;
  let underWay = 0;
  let whenIdle: (() => void)[] = [];

  async function runAll(first: T): Promise<void> {
    underWay++;
    for (let item: T | undefined = first; item !== undefined; item = next()) await work(item).catch(onError);
    underWay--;
    if (underWay > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  function next(): T | undefined {
    const item = line.shift();
    if (item !== undefined) size -= sizeOf(item);
    return item;
  }

  function fits(more: number): boolean {
    return line.length < capacity.items && size + more <= capacity.size;
  }

  return {
    offer(item) {
      if (underWay < concurrency) void runAll(item);
      else if (fits(sizeOf(item))) {
        line.push(item);
        size += sizeOf(item);
      } else return false;
      return true;
    },
    isFull: () => underWay >= concurrency && !fits(1),
    waiting: () => line.length,
    drop() {
      line.length = 0;
      size = 0;
    },
    idle: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
