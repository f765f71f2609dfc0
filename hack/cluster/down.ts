import { rmSync } from "node:fs";
import { withLock } from "../lib/lock.ts";
import { step } from "../lib/progress.ts";
import { thisClone } from "./clone.ts";
import { answers, leaveDocker, runningDocker } from "./docker.ts";
import { deleteKindCluster } from "./kind.ts";

/** Takes down this clone's cluster and leaves no process, mount, bridge, network or firewall rule of it. Caches stay. */
export async function downCluster(): Promise<void> {
  const clone = thisClone();
  await withLock(clone.cluster, () =>
    step(`cluster ${clone.cluster} taken down`, async () => {
      const daemon = await runningDocker();
      if (await answers(daemon)) await deleteKindCluster(clone, daemon);
      await leaveDocker(clone);
      rmSync(clone.kubeconfig, { force: true });
    }),
  );
}
