import util from "node:util";
import type { Rank, Tensor } from "@tensorflow/tfjs";

export type Tf = typeof import("@tensorflow/tfjs");
export type { Rank, Tensor };

/** The fastest first. A GPU image differs from the CPU one by which of these packages it has. */
const packages = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node", "@tensorflow/tfjs"] as const;

export interface Backend {
  tf: Tf;
  /** the package that computes */
  name: (typeof packages)[number];
}

/** The only place that chooses what computes. Costs about 0.5 s, so only the roles that train call it. */
export async function loadBackend(only?: Backend["name"]): Promise<Backend> {
  // tfjs-node 4.22 calls it, Node 23 removed it.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
  const failures: unknown[] = [];
  for (const name of only === undefined ? packages : [only]) {
    try {
      const loaded: { default: Tf } = await import(name);
      const tf = loaded.default;
      await tf.ready();
      return { tf, name };
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `none of ${packages.join(", ")} can be loaded`);
}
