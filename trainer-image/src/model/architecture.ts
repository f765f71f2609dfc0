import { z } from "zod";
import { normal, type Random } from "../random.ts";
import { VOCABULARY } from "./tokenizer.ts";

/** The artifact format that this code reads and writes. */
export const FORMAT = "byte-transformer/v1";

export const modelConfigSchema = z.object({
  vocabulary: z.literal(VOCABULARY),
  width: z.int().min(8).max(1024),
  heads: z.int().min(1).max(16),
  layers: z.int().min(1).max(32),
  /** hidden units of the feed-forward part */
  hidden: z.int().min(8).max(8192),
  /** tokens whose embeddings are summed at each place: itself and the ones before it, a table each */
  lookback: z.int().min(1).max(8),
  /** tokens at most, of prompt and answer together */
  context: z.int().min(16).max(8192),
  /** of serving, where a request names none */
  temperature: z.number().positive(),
  /** names and shapes of weights.bin in its order */
  parameters: z.array(z.object({ name: z.string(), shape: z.array(z.int().min(1)) })),
});

export type ModelConfig = z.infer<typeof modelConfigSchema>;
export type Architecture = Omit<ModelConfig, "parameters">;

export interface Parameter {
  name: string;
  shape: number[];
}

/** A model: its description and all of its parameters as one vector, in the order of `config.parameters`. */
export interface Model {
  config: ModelConfig;
  weights: Float32Array;
}

export function describe(architecture: Architecture): ModelConfig {
  const { vocabulary, width, layers, hidden, lookback } = architecture;
  const parameters: Parameter[] = [{ name: "embedding", shape: [lookback * vocabulary, width] }];
  for (let layer = 0; layer < layers; layer++) {
    parameters.push(
      { name: `layers.${layer}.attention.norm`, shape: [width] },
      { name: `layers.${layer}.attention.in`, shape: [width, 3 * width] },
      { name: `layers.${layer}.attention.out`, shape: [width, width] },
      { name: `layers.${layer}.feedforward.norm`, shape: [width] },
      { name: `layers.${layer}.feedforward.in`, shape: [width, hidden] },
      { name: `layers.${layer}.feedforward.out`, shape: [hidden, width] },
    );
  }
  parameters.push({ name: "norm", shape: [width] });
  return { ...architecture, parameters };
}

export function sizeOf({ shape }: Parameter): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function parameterCount(config: ModelConfig): number {
  return config.parameters.reduce((sum, parameter) => sum + sizeOf(parameter), 0);
}

/** Norms start at 1, matrices normal with variance 1/inputs, what writes into the residual stream smaller by its depth. */
export function initialWeights(config: ModelConfig, random: Random): Float32Array {
  const weights = new Float32Array(parameterCount(config));
  let at = 0;
  for (const parameter of config.parameters) {
    const end = at + sizeOf(parameter);
    const scale = initialScale(parameter, config.layers);
    for (; at < end; at++) weights[at] = scale === undefined ? 1 : scale * normal(random);
  }
  return weights;
}

function initialScale({ name, shape }: Parameter, layers: number): number | undefined {
  const [inputs = 1] = shape;
  if (shape.length === 1) return undefined;
  if (name === "embedding") return 0.05;
  return name.endsWith(".out") ? 1 / Math.sqrt(inputs * 2 * layers) : 1 / Math.sqrt(inputs);
}

/** The slope of each head's linear penalty on distance (ALiBi, Press et al. 2022): no parameters, any length. */
export function distanceSlopes(heads: number): number[] {
  return Array.from({ length: heads }, (_, head) => 2 ** ((-8 * (head + 1)) / heads));
}

export const NORM_EPSILON = 1e-5;
