import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { loadBackend, type Tf } from "../src/backend.ts";
import { rewardMargins, sigmoidLoss } from "../src/train/dpo.ts";

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

/** policy and reference log-probabilities: chosen, rejected, reference chosen, reference rejected */
type Logps = readonly [number, number, number, number];

function losses(pairs: readonly Logps[], beta: number): number[] {
  return tf.tidy(() => {
    const policy = tf.tensor1d([...pairs.map((pair) => pair[0]), ...pairs.map((pair) => pair[1])]);
    const reference = Float32Array.from([...pairs.map((pair) => pair[2]), ...pairs.map((pair) => pair[3])]);
    return [...sigmoidLoss(tf, rewardMargins(tf, policy, reference, beta)).dataSync()];
  });
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((actual[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, value));
  }
}

describe("the sigmoid loss", () => {
  test("is ln 2 where the policy is its own reference", () => {
    expectClose(losses([[-3, -7, -3, -7]], 0.1), [Math.LN2]);
  });

  test("equals the values that torchtune and LLaMA-Factory test for", () => {
    const torchtune: Logps[] = [
      [-0.5, -0.1, -0.5, -0.1],
      [-10, -30, -10.1, -20.1],
      [-1, -21, -0.1, -0.1],
    ];
    expectClose(losses(torchtune, 0.1), [Math.LN2, 0.3132616875182229, 0.1269280110429725]);
    const llamaFactory: Logps[] = [
      [-3, -5, -2.8, -3.2],
      [-2.5, -3.5, -2.3, -2.7],
      [-4, -6, -3.8, -4.2],
      [-1.5, -2.5, -1.4, -1.8],
    ];
    expectClose(losses(llamaFactory, 0.1), [0.61634377, 0.66359711, 0.61634377, 0.66359711]);
  });

  test("is -log sigma(z) in closed form", () => {
    fc.assert(
      fc.property(fc.double({ min: -80, max: 80, noNaN: true }), (difference) => {
        const z = 0.1 * Math.fround(difference);
        const closed = z > 0 ? Math.log1p(Math.exp(-z)) : -z + Math.log1p(Math.exp(z));
        expectClose(losses([[difference, 0, 0, 0]], 0.1), [closed]);
      }),
    );
  });

  const golden = goldenFile();
  test.skipIf(golden === undefined)("equals the golden table (skipped without dpo-losses-golden.json)", () => {
    const table = goldenSchema.parse(JSON.parse(readFileSync(golden ?? "", "utf8")));
    const pairs = table["pairs(pc,pr,rc,rr,len_c,len_r)"].map(([pc, pr, rc, rr]): Logps => [pc, pr, rc, rr]);
    expectClose(
      losses(pairs, table.beta),
      table.per_pair.map((row) => row.sigmoid),
    );
  });
});

const goldenSchema = z.object({
  beta: z.number(),
  "pairs(pc,pr,rc,rr,len_c,len_r)": z.array(
    z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]),
  ),
  per_pair: z.array(z.object({ sigmoid: z.number() })),
});

/** Data that is shared beside a checkout; DPO_SHARED_DATA says where else it is. */
function goldenFile(): string | undefined {
  const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
  const folder = process.env.DPO_SHARED_DATA ?? join(root, "../shared/data");
  const file = join(folder, "dpo-losses-golden.json");
  return existsSync(file) ? file : undefined;
}
