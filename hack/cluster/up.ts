import { onInterrupt } from "../lib/interrupt.ts";
import { withLock } from "../lib/lock.ts";
import { ensureBaseImages } from "./base-images.ts";
import { lacksSysResource } from "./capability.ts";
import { type Clone, thisClone } from "./clone.ts";
import type { Cluster } from "./cluster.ts";
import { type Docker, joinDocker } from "./docker.ts";
import { takeDown } from "./down.ts";
import { ensureGateway } from "./gateway.ts";
import { createKindCluster, gatewayAddress, hasKindCluster, isComplete } from "./kind.ts";
import { withImageLock } from "./made-image.ts";
import { ensureNodeImage, NODE_IMAGE } from "./node-image.ts";
import { registryInReach } from "./registry.ts";

/** Brings up this clone's cluster, or finds it up. May be interrupted at any moment and run again. */
export function upCluster(): Promise<Cluster> {
  const clone = thisClone();
  return withLock(clone.cluster, async () => {
    const daemon = await joinDocker(clone);
    // Ctrl-C leaves what was there before, and nothing else.
    const found = await hasKindCluster(clone, daemon);
    const forget = found ? () => undefined : onInterrupt(() => takeDown(clone));
    try {
      return await build(clone, daemon);
    } finally {
      forget();
    }
  });
}

async function build(clone: Clone, daemon: Docker): Promise<Cluster> {
  const pull = await registryInReach();
  if (!pull) await withImageLock(() => ensureBaseImages(daemon));
  if (!(await isComplete(clone, daemon))) await create(clone, daemon, pull);
  const gatewayUrl = `http://${await gatewayAddress(clone, daemon)}`;
  const cluster = { name: clone.cluster, kubeconfig: clone.kubeconfig, gatewayUrl, docker: daemon };
  await ensureGateway(cluster, gatewayUrl);
  return cluster;
}

async function create(clone: Clone, daemon: Docker, pull: boolean): Promise<void> {
  // kindest/node lowers oom_score_adj, which nothing may do here where the capability is missing.
  const made = !pull || (daemon.own && lacksSysResource());
  if (made) await withImageLock(() => ensureNodeImage(daemon));
  await createKindCluster(clone, daemon, made ? NODE_IMAGE : undefined);
}
