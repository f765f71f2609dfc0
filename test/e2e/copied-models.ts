import type { Model } from "../../hack/demo/objects.ts";
import { emptyShelf, modelOf, put, take, twinOf } from "./artifacts.ts";
import { loopModels } from "./loop-models.ts";
import type { Scene } from "./scene.ts";

/** What the loop has trained, on the scene's own claim. */
export interface CopiedModels {
  readonly base: Model;
  readonly good: Model;
  readonly poisoned: Model;
  /** The good one under another digest. */
  readonly twin: Model;
}

export async function copyModels({ cluster, images, namespace }: Scene): Promise<CopiedModels> {
  const loop = await loopModels(cluster);
  const shelf = await emptyShelf();
  await take(cluster, images.trainer, loop.namespace, [loop.base, loop.good, loop.poisoned], shelf);
  const twin = await twinOf(loop.good, shelf);
  await put(cluster, images.trainer, namespace, shelf);
  await shelf.remove();
  return {
    base: modelOf(loop.base),
    good: modelOf(loop.good),
    poisoned: modelOf(loop.poisoned),
    twin: modelOf(twin),
  };
}
