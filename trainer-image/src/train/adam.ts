export interface AdamOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** gradients longer than this are scaled down to it */
  clipNorm: number;
}

/** The defaults of TRL's trainer. */
export const adamDefaults: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clipNorm: 1 };

/**
 * Adam (Kingma and Ba 2015) on one vector of parameters. In plain TypeScript: one pass over the vector costs less than
 * ten tfjs operations for each of the model's matrices, and is the same on every backend.
 */
export class Adam {
  readonly #options: AdamOptions;
  readonly #mean: Float32Array;
  readonly #square: Float32Array;
  #steps = 0;

  constructor(parameters: number, options: AdamOptions = adamDefaults) {
    this.#options = options;
    this.#mean = new Float32Array(parameters);
    this.#square = new Float32Array(parameters);
  }

  /** Updates `weights` in place and returns the gradient's norm before clipping. */
  step(weights: Float32Array, gradient: Float32Array, learningRate: number): number {
    const { beta1, beta2, epsilon, clipNorm } = this.#options;
    this.#steps++;
    const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
    const scale = norm > clipNorm ? clipNorm / norm : 1;
    const rate = learningRate / (1 - beta1 ** this.#steps);
    const correction = 1 / (1 - beta2 ** this.#steps);
    for (let i = 0; i < weights.length; i++) {
      const g = (gradient[i] ?? 0) * scale;
      const mean = beta1 * (this.#mean[i] ?? 0) + (1 - beta1) * g;
      const square = beta2 * (this.#square[i] ?? 0) + (1 - beta2) * g * g;
      this.#mean[i] = mean;
      this.#square[i] = square;
      weights[i] = (weights[i] ?? 0) - (rate * mean) / (Math.sqrt(square * correction) + epsilon);
    }
    return norm;
  }
}

/** Rises over the first part of the steps, then falls to zero, both linearly. `step` counts from 0. */
export function linearSchedule(peak: number, step: number, steps: number, warmUp = 0.1): number {
  const rising = Math.max(1, Math.round(steps * warmUp));
  if (step < rising) return (peak * (step + 1)) / rising;
  return (peak * (steps - step)) / Math.max(1, steps - rising);
}
