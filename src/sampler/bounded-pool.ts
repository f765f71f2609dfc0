/** Work that waits its turn: so much at a time, so much in line, and no more. */
export interface BoundedPool<T> {
  /** False when the line is full; the item is not taken then. */
  offer(item: T): boolean;
  isFull(): boolean;
  /** Items in line, without those under way. */
  waiting(): number;
  /** Resolves once nothing waits and nothing is under way. */
  idle(): Promise<void>;
}

export interface BoundedPoolOptions<T> {
  readonly concurrency: number;
  readonly capacity: number;
  work(item: T): Promise<void>;
  /** What `work` rejected with; the pool goes on. */
  onError(error: unknown): void;
}

export function boundedPool<T>({ concurrency, capacity, work, onError }: BoundedPoolOptions<T>): BoundedPool<T> {
  const line: T[] = [];
  let underWay = 0;
  let whenIdle: (() => void)[] = [];

  async function runAll(first: T): Promise<void> {
    underWay++;
    for (let item: T | undefined = first; item !== undefined; item = line.shift()) await work(item).catch(onError);
    underWay--;
    if (underWay > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  return {
    offer(item) {
      if (underWay < concurrency) void runAll(item);
      else if (line.length < capacity) line.push(item);
      else return false;
      return true;
    },
    isFull: () => underWay >= concurrency && line.length >= capacity,
    waiting: () => line.length,
    idle: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
