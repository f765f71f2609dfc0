import type { TrainResult } from "../../../src/api/contracts/train.ts";
import { Forward } from "../model/forward-tf.ts";
import { pairBatch } from "./dpo.ts";
import { batchLogps, chunks, type Optimization, stopIfAsked } from "./optimize.ts";
import type { Pair } from "./pairs.ts";
import { winRate } from "./win-rate.ts";

/** Judges the trained `model` on pairs it has not seen, against the weights it started from. */
export async function evaluate(
  heldOut: readonly Pair[],
  reference: Float32Array,
  { tf, model, beta, training, signal }: Optimization,
): Promise<TrainResult["validation"]> {
  const forward = new Forward(tf, model.config);
  const margins: number[] = [];
  for (const part of chunks(heldOut, training.batchSize)) {
    await stopIfAsked(signal, "the validation on held-out pairs");
    const batch = pairBatch(part);
    const before = batchLogps(tf, forward, reference, batch);
    const after = batchLogps(tf, forward, model.weights, batch);
    for (let i = 0; i < part.length; i++) {
      margins.push(beta * (gap(after, i, part.length) - gap(before, i, part.length)));
    }
  }
  return { heldOutWinRate: winRate(margins) };
}

/** log π(chosen) - log π(rejected) of pair `i` of `pairs` */
function gap(logps: Float32Array, i: number, pairs: number): number {
  return (logps[i] ?? Number.NaN) - (logps[pairs + i] ?? Number.NaN);
}
