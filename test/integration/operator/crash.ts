import { expect } from "vitest";
import type { ApiRequest, Interceptor } from "../../../src/kube/transport.ts";
import { startManager, type TestManagerOptions } from "./manager.ts";
import type { Stage } from "./stage.ts";

/** When a manager dies: at the n-th write (from 1) that says something new about this stage's objects. */
export interface Crash {
  readonly write: number;
  readonly when: "before it is sent" | "after it is answered";
}

/** A manager that dies once, if its life is long enough, and is started again. */
export interface MortalManager {
  /** The write at which it died. */
  readonly diedAt: string | undefined;
}

export async function startMortalManager(
  stage: Stage,
  crash: Crash | undefined,
  kinds: NonNullable<TestManagerOptions["kinds"]>,
): Promise<MortalManager> {
  const isNew = createNovelty();
  let writes = 0;
  let diedAt: string | undefined;
  let restarted: Promise<unknown> = Promise.resolve();

  const interceptor: Interceptor = async (request, send) => {
    if (diedAt !== undefined) throw new Error("this manager is dead");
    if (!request.path.includes(`/namespaces/${stage.namespace}/`) || !isNew(request)) return send();
    writes += 1;
    if (writes !== crash?.write) return send();
    if (crash.when === "after it is answered") await send();
    diedAt = `${request.method} ${request.path}`;
    restarted = restart();
    throw new Error(`crashed ${crash.when}`);
  };
  const first = await startManager(stage, { kinds, interceptor });

  async function restart(): Promise<void> {
    await first.stop();
    await startManager(stage, { kinds });
  }
  stage.atEnd(() => restarted);
  return {
    get diedAt() {
      return diedAt;
    },
  };
}

/** What a life left behind, and the write at which its manager died. */
export interface Life {
  readonly end: unknown;
  readonly diedAt: string | undefined;
}

/** Lives the same story once for each write, dying there; every end must be that of the life without a crash. */
export async function expectSameEnd(live: (crash?: Crash) => Promise<Life>, when: Crash["when"]): Promise<void> {
  const reference = await live();
  let deaths = 0;
  for (let write = 1; ; write += 1) {
    const { end, diedAt } = await live({ write, when });
    if (diedAt === undefined) break;
    expect(end, `after a crash at write ${write}, ${when}: ${diedAt}`).toEqual(reference.end);
    deaths += 1;
  }
  expect(deaths).toBeGreaterThan(3);
}

/** A status that is applied again as it stands is no new write: how often that happens is a matter of time. */
function createNovelty(): (request: ApiRequest) => boolean {
  const last = new Map<string, string>();
  return ({ path, body }) => {
    const text = JSON.stringify(body);
    if (last.get(path) === text) return false;
    last.set(path, text);
    return true;
  };
}
