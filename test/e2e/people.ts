import { startChecker } from "../../hack/demo/checker.ts";
import { type LiveClient, startLiveClient } from "../../hack/demo/live-client.ts";
import { NAMES } from "../../hack/demo/objects.ts";
import { startRaters } from "../../hack/demo/raters.ts";
import { demoPrompts } from "../../trainer-image/src/demo/prompts.ts";
import type { Taste } from "../../trainer-image/src/demo/utility.ts";
import { seededRandom } from "../../trainer-image/src/random.ts";
import type { Scene } from "./scene.ts";

/** The demo's users, raters and checker around another canary. */
export interface People {
  readonly client: LiveClient;
  /** Stops all of them; requests under way are waited for. */
  stop(): Promise<void>;
}

export interface PeopleOptions {
  readonly seed: number;
  /** Live requests a second. */
  readonly perSecond: number;
  readonly taste: () => Taste;
}

export function startPeople(scene: Scene, { seed, perSecond, taste }: PeopleOptions): People {
  const { workspace, observer, assistant } = scene;
  const random = seededRandom(seed);
  const where = { collector: workspace.collector, namespace: workspace.namespace };
  const candidate = () => observer.canaries.store.list()[0]?.status?.candidate?.revision;
  const client = startLiveClient(assistant, demoPrompts(random), perSecond);
  const raters = startRaters({ ...where, dataset: NAMES.dataset, taste, random });
  const checker = startChecker({ ...where, canary: NAMES.canary, candidate });
  return {
    client,
    async stop() {
      await Promise.all([client.stop(), raters.stop(), checker.stop()]);
    },
  };
}
