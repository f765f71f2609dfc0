const quietMs = 2000;
const repeatMs = 30_000;
const tickMs = 200;

interface Running {
  readonly name: string;
  readonly since: number;
}

/** Steps under way, the innermost last: only that one shows its elapsed time. */
const running: Running[] = [];
let ticking = false;
let output: "stdout" | "stderr" = "stdout";

/** What comes before a script's own output belongs to stderr, so that stdout is what the script prints and nothing else. */
export function showProgressOn(stream: typeof output): void {
  output = stream;
}

/** Prints one line, above the ticking line where there is one. */
export function say(line: string): void {
  clearTick();
  process[output].write(`${line}\n`);
}

/** Runs one step of work and prints its name and duration when it is done; while it takes long, how long so far. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const self = { name, since: performance.now() };
  running.push(self);
  const stopShowing = process[output].isTTY ? tickOnTerminal(self) : repeatInLog(self);
  try {
    const result = await work();
    say(`✓ ${name} ${elapsed(self)}`);
    return result;
  } catch (error) {
    say(`✗ ${name} ${elapsed(self)}`);
    throw error;
  } finally {
    stopShowing();
    running.splice(running.indexOf(self), 1);
  }
}

/** A duration for people: 0.4 s, 12.3 s, 3 min 31 s. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function elapsed(of: Running): string {
  return duration(performance.now() - of.since);
}

function tickOnTerminal(self: Running): () => void {
  const timer = setInterval(() => {
    if (running.at(-1) !== self || performance.now() - self.since < quietMs) return;
    const line = `… ${self.name} ${elapsed(self)}`;
    process[output].write(`\r\x1b[K${line.slice(0, (process[output].columns || 80) - 1)}`);
    ticking = true;
  }, tickMs);
  timer.unref();
  return () => clearInterval(timer);
}

function repeatInLog(self: Running): () => void {
  const show = (): void => {
    if (running.at(-1) === self) say(`… ${self.name} ${elapsed(self)}`);
  };
  let repeat: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    show();
    repeat = setInterval(show, repeatMs).unref();
  }, quietMs).unref();
  return () => {
    clearTimeout(first);
    clearInterval(repeat);
  };
}

function clearTick(): void {
  if (ticking) process[output].write("\r\x1b[K");
  ticking = false;
}
