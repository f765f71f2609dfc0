import { ConnectionError } from "../../../src/kube/errors.ts";
import type { ApiRequest, Interceptor } from "../../../src/kube/transport.ts";
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

export interface Lives {
  /** Such writes of the first process. */
  readonly writes: () => number;
  /** Once the last one runs. */
  readonly restarted: () => Promise<unknown>;
}

/** The operator dies before its `at`-th such write; the next one dies after it has made that write, and a third one lives. */
export async function startToDie(
  canary: CanaryStage,
  isOne: (write: ApiRequest) => boolean,
  at: number,
): Promise<Lives> {
  let writes = 0;
  let restarts: Promise<unknown> = Promise.resolve();
  const next = (interceptor?: Interceptor) => {
    restarts = new Promise(setImmediate).then(() => canary.start(interceptor));
  };
  const { namespace } = canary.stage;
  const again = dyingAt(isOne, "after", namespace, () => next());
  const isLast = (write: ApiRequest) => isOne(write) && ++writes === at;
  const first = dyingAt(isLast, "before", namespace, () => next(again.interceptor));
  await canary.start(first.interceptor);
  return { writes: () => writes, restarted: () => restarts };
}
