import { createdAt } from "../arms/arm-state.ts";
import type { Observed } from "../observed.ts";

/**
 * When the run of a candidate, or contender, began. Its Deployment says so, which no lost status puts back; but that of a
 * revision that was stable before is older than the run, so status remembers when it first named it.
 */
export function beganAt({ canary: { status }, arms }: Observed, revision: string, now: Date): Date {
  const { candidate, contenders = [] } = status ?? {};
  const known = [...(candidate ? [candidate] : []), ...contenders].find((each) => each.revision === revision);
  if (known?.began !== undefined) return new Date(known.began);
  const isLost = known !== undefined || status?.stable === undefined;
  const created = isLost ? createdAt(arms.get(revision) ?? {}) : undefined;
  return created === undefined ? now : new Date(created);
}
