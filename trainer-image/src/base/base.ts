import type { BaseConfig, BaseResult } from "../../../src/api/contracts/base.ts";
import { formatUri } from "../../../src/artifacts/uri.ts";
import type { Tf } from "../backend.ts";
import { publishModel } from "../model/store.ts";
import { pretrain, pretraining } from "./pretrain.ts";

/** Makes a base model from nothing but a seed and stores it. */
export async function base({ seed, output }: BaseConfig, tf: Tf, log: (line: string) => void): Promise<BaseResult> {
  const started = performance.now();
  let last = Number.NaN;
  const model = pretrain(tf, seed, (step, loss) => {
    last = loss;
    if (step % 20 === 0) log(`step ${step} of ${pretraining.steps}, loss ${loss.toFixed(4)}`);
  });
  const lineage = { base: null, dataset: null, job: null, settings: { seed, ...pretraining } };
  const { digest } = await publishModel(output.path, model, lineage);
  const seconds = Math.round(performance.now() - started) / 1000;
  return { digest, uri: formatUri({ claim: output.claim, digest }), seconds, loss: last };
}
