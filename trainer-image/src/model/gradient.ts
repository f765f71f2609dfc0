import type { Tensor, Tf } from "../backend.ts";

/** The loss at `weights` and its gradient; nothing stays on the device. */
export function valueAndGradient(
  tf: Tf,
  loss: (theta: Tensor) => Tensor,
  weights: Float32Array,
): { value: number; gradient: Float32Array } {
  const theta = tf.tensor1d(weights);
  const result = tf.valueAndGrad((x: Tensor) => loss(x))(theta);
  const [value = Number.NaN] = result.value.dataSync();
  const gradient = result.grad.dataSync<"float32">();
  tf.dispose([theta, result.value, result.grad]);
  return { value, gradient };
}
