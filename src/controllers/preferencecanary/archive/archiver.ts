import { ArchiveRequest } from "../../../api/contracts/run-archive.ts";
import type { CollectorClient } from "../../../evidence/collector-client.ts";
import { keyString, type ObjectKey } from "../../../kube/object.ts";
import { type Clock, sleep } from "../../../runtime/clock.ts";
import type { Logger } from "../../../telemetry/logger.ts";
import type { ArchiveAnswer, ArchiveAnswers } from "../observed.ts";
import { nameOf, type Unarchived } from "./ended-runs.ts";

/**
 * Has runs that are over archived. Reading never waits: the collector is asked in the background, about one run after the
 * other and until it has done it, so that it holds up no reconcile. Nothing is lost with this process: what status still
 * lists is asked for again, and comes to the same archive.
 */
export interface Archiver {
  /** What has come so far of these runs, which are all of the canary's that are to be archived. */
  read(canary: ObjectKey, wanted: readonly Unarchived[]): ArchiveAnswers;
  forget(canary: ObjectKey): void;
  stop(): void;
}

export interface ArchiverOptions {
  readonly collector: Pick<CollectorClient, "archive">;
  /** Where people find the collector. */
  readonly collectorUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to read. */
  readonly wake: (canary: ObjectKey) => void;
}

interface Job {
  readonly canary: ObjectKey;
  readonly request: string;
  readonly ended: AbortController;
  failures: number;
  answer?: ArchiveAnswer;
}

const RETRY_MS = 30_000;
/** What a collector that was restored cannot archive it never will. */
const LONGEST_RETRY_MS = 3_600_000;

export function createArchiver(options: ArchiverOptions): Archiver {
  const { clock, wake } = options;
  const jobs = new Map<string, Map<string, Job>>();
  let turn = Promise.resolve();

  function start(canary: ObjectKey, request: string): Job {
    const job: Job = { canary, request, ended: new AbortController(), failures: 0 };
    enqueue(job);
    return job;
  }

  function enqueue(job: Job): void {
    turn = turn.then(() => work(job));
  }

  async function work(job: Job): Promise<void> {
    const { signal } = job.ended;
    if (signal.aborted) return;
    const answer = await ask(job, options);
    if (signal.aborted) return;
    job.answer = answer;
    wake(job.canary);
    if ("archive" in answer) return;
    const retryMs = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** job.failures++);
    void sleep(clock, retryMs, signal).then(
      () => enqueue(job),
      () => undefined,
    );
  }

  function forget(canary: ObjectKey): void {
    for (const { ended } of jobs.get(keyString(canary))?.values() ?? []) ended.abort();
    jobs.delete(keyString(canary));
  }

  return {
    read(canary, wanted) {
      const known = jobs.get(keyString(canary)) ?? new Map<string, Job>();
      const current = new Map<string, Job>();
      for (const run of wanted) {
        const job = known.get(nameOf(run));
        current.set(nameOf(run), job?.request === run.request ? job : start(canary, run.request));
      }
      for (const [name, job] of known) if (current.get(name) !== job) job.ended.abort();
      if (current.size > 0) jobs.set(keyString(canary), current);
      else jobs.delete(keyString(canary));
      return new Map([...current].flatMap(([name, { answer }]) => (answer ? [[name, answer]] : [])));
    },
    forget,
    stop() {
      for (const { canary } of [...jobs.values()].flatMap((all) => [...all.values()])) forget(canary);
    },
  };
}

async function ask(
  { canary, request, ended }: Job,
  { collector, collectorUrl, logger }: ArchiverOptions,
): Promise<ArchiveAnswer> {
  const { namespace = "", name } = canary;
  try {
    const body = ArchiveRequest.parse(JSON.parse(request));
    const { signal } = ended;
    const { digest, path } = await collector.archive({ namespace, canary: name, request: body, signal });
    return { archive: { digest, uri: `${collectorUrl}${path}` } };
  } catch (error) {
    if (!ended.signal.aborted) logger.warn({ err: error, canary: keyString(canary) }, "a run cannot be archived yet");
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
