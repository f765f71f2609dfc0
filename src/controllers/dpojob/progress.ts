import type { ProgressBody } from "../../api/contracts/train.ts";
import { PROGRESS_METRICS } from "../../api/contracts/train.ts";
import type { DPOJobStatus } from "../../api/v1alpha1/dpo-job.ts";
import { formatAge, formatPercent } from "../../api/v1alpha1/quantity.ts";

type Progress = NonNullable<DPOJobStatus["progress"]>;

/** What a trainer pushed, as status says it; undefined when it does not say how far it is. */
export function progressStatus({ trainerStatus }: ProgressBody): Progress | undefined {
  const metrics = new Map((trainerStatus.metrics ?? []).map(({ name, value }) => [name, Number(value)]));
  const finite = (name: string) => {
    const value = metrics.get(name);
    return value !== undefined && Number.isFinite(value) ? value : undefined;
  };
  const step = finite(PROGRESS_METRICS.step) ?? trainerStatus.progressPercentage;
  const of = finite(PROGRESS_METRICS.totalSteps) ?? (trainerStatus.progressPercentage === undefined ? undefined : 100);
  if (step === undefined || of === undefined) return undefined;
  const loss = finite(PROGRESS_METRICS.loss);
  const accuracy = finite(PROGRESS_METRICS.rewardAccuracy);
  const tokens = finite(PROGRESS_METRICS.tokensPerSecond);
  const left = trainerStatus.estimatedRemainingSeconds;
  return {
    step: Math.round(step),
    of: Math.round(of),
    ...(loss !== undefined && { loss: loss.toPrecision(4) }),
    ...(accuracy !== undefined && { rewardAccuracy: formatPercent(accuracy) }),
    ...(tokens !== undefined && { tokensPerSecond: Math.round(tokens) }),
    ...(left !== undefined && { eta: formatAge(left * 1000) }),
    updatedAt: trainerStatus.lastUpdatedTime,
  };
}
