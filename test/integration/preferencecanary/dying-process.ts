import { ConnectionError } from "../../../src/kube/errors.ts";
import type { ApiRequest, Interceptor } from "../../../src/kube/transport.ts";

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
