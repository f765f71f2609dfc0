import { rmSync } from "node:fs";
import { withLock } from "../lib/lock.ts";
import { step } from "../lib/progress.ts";
import { type Clone, thisClone } from "./clone.ts";
import { answers, leaveDocker, runningDocker } from "./docker.ts";
import { deleteKindCluster } from "./kind.ts";

/** Takes down this clone's cluster and leaves no process, mount, bridge, network or firewall rule of it. Caches stay. */
export function downCluster(): Promise<void> {
  const clone = thisClone();
  return withLock(clone.cluster, () => takeDown(clone));
}

/** For who holds the clone's lock. */
export function takeDown(clone: Clone): Promise<void> {
  return step(`cluster ${clone.cluster} taken down`, async () => {
    const daemon = await runningDocker();
    if (await answers(daemon)) await deleteKindCluster(clone, daemon);
    await leaveDocker(clone);
    rmSync(clone.kubeconfig, { force: true });
  });
}
