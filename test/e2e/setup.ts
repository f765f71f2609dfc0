import type { TestProject } from "vitest/node";
import type { Cluster } from "../../hack/cluster/cluster.ts";
import { downCluster } from "../../hack/cluster/down.ts";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { upCluster } from "../../hack/cluster/up.ts";
import { buildImages, type Images, install, operatorReady } from "../../hack/demo/install.ts";
import { step } from "../../hack/lib/progress.ts";
import { SCENE_LABEL } from "./scene.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** This clone's cluster with the operator in it. All tests share it, each in a namespace of its own. */
    cluster: Cluster;
    images: Images;
  }
}

export async function setup(project: TestProject): Promise<void> {
  const cluster = await upCluster();
  const images = await step("images built", () => buildImages(cluster));
  await step("operator installed", () => install(cluster, images));
  await step("operator ready", () => operatorReady(cluster));
  // Of a run that was interrupted.
  await kubectl(cluster, ["delete", "namespace", "--selector", `${SCENE_LABEL}=true`, "--wait", "--timeout=180s"]);
  project.provide("cluster", cluster);
  project.provide("images", images);
}

/** On a person's machine the cluster stays up, for the next run and to be looked at. */
export async function teardown(): Promise<void> {
  if (process.env.CI === "true") await downCluster();
}
