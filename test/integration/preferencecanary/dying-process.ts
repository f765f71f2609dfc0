import { ConnectionError } from "../../../src/kube/errors.ts";
import type { ApiRequest, Interceptor } from "../../../src/kube/transport.ts";
import { createTurns } from "../../../src/runtime/turns.ts";
import type { CanaryStage } from "./canary-stage.ts";

/** On which side of the write the process dies: nobody has heard of it, or it is stored and nobody heard the answer. */
export type Moment = "before" | "after";

export interface DyingProcess {
  readonly interceptor: Interceptor;
  /** Writes to the namespace up to its death. */
  readonly writes: readonly ApiRequest[];
}

/** A process that dies at the first write that `isLast` takes: nothing that it does afterwards has any effect. */
export function dyingAt(
  isLast: (write: ApiRequest, count: number) => boolean,
  moment: Moment,
  namespace: string,
  died: () => void,
): DyingProcess {
  const writes: ApiRequest[] = [];
  let isDead = false;
  return {
    writes,
    async interceptor(request, send) {
      if (request.method === "GET" || !request.path.includes(`/namespaces/${namespace}/`)) return send();
      if (isDead) throw new ConnectionError("the process is dead", "ECONNRESET");
      writes.push(request);
      if (!isLast(request, writes.length)) return send();
      isDead = true;
      try {
        if (moment === "after") await send();
      } finally {
        died();
      }
      throw new ConnectionError("the process died", "ECONNRESET");
    },
  };
}

/** A write of a life, whichever others come before it. */
export interface Death {
  /** Its method, and its path in the namespace. */
  readonly write: string;
  /** Which of those, from 1. */
  readonly nth: number;
}

export interface Lives {
  /** Of the first process up to its death. */
  readonly writes: readonly ApiRequest[];
  /** Once the last one runs. */
  readonly restarted: () => Promise<unknown>;
}

/** The operator dies before this write; the next one dies after it has made that write, and a third one lives. */
export async function startToDie(canary: CanaryStage, death?: Death): Promise<Lives> {
  let restarts: Promise<unknown> = Promise.resolve();
  // Not before the dying reconcile is over: start() stops the old one first.
  const next = (interceptor?: Interceptor) => {
    restarts = new Promise(setImmediate).then(() => canary.start(interceptor));
  };
  const { namespace } = canary.stage;
  let nth = 0;
  const isOne = (write: ApiRequest) => nameOf(write) === death?.write;
  const again = dyingAt(isOne, "after", namespace, () => next());
  const isLast = (write: ApiRequest) => isOne(write) && ++nth === death?.nth;
  const first = dyingAt(isLast, "before", namespace, () => next(again.interceptor));
  await canary.start(first.interceptor);
  return { writes: first.writes, restarted: () => restarts };
}

function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path.replace(/^.*\/namespaces\/[^/]+\//, "")}`;
}

/** At each of these writes. */
export function deathsAt(writes: readonly ApiRequest[]): readonly Death[] {
  const names = writes.map(nameOf);
  return names.map((write, index) => ({
    write,
    nth: names.slice(0, index + 1).filter((name) => name === write).length,
  }));
}

/** So many lives at a time: each of them waits more than it works. */
const AT_ONCE = 3;

/** Lives once for each of the deaths; rejects with all that went wrong, and after which. */
export async function eachDeath(deaths: readonly Death[], live: (death: Death) => Promise<unknown>): Promise<void> {
  const turns = createTurns(AT_ONCE);
  const ends = await Promise.allSettled(deaths.map((death) => turns(() => live(death))));
  const faults = ends.flatMap((end, index) =>
    end.status === "rejected" ? [`died at ${wordsOf(deaths[index])}: ${end.reason}`] : [],
  );
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

function wordsOf(death: Death | undefined): string {
  return `${death?.write} (${death?.nth})`;
}
