import { existsSync } from "node:fs";
import { step } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { ensureBinaries } from "../tools/binaries.ts";
import { nodeOf } from "./clone.ts";
import { type Docker, runningDocker } from "./docker.ts";
import { kubectl } from "./kubectl.ts";
import { GATEWAY, GATEWAY_URL_ANNOTATION } from "./settings.ts";
import { succeeds } from "./succeeds.ts";

/** A cluster to work with, and how this machine reaches it. */
export interface Cluster {
  readonly name: string;
  /** The path of a file. */
  readonly kubeconfig: string;
  readonly gatewayUrl: string;
  /** The daemon that it runs in, which builds its images as well. */
  readonly docker: Docker;
}

/** A cluster of the user's: nothing in it is changed here. It says itself where its Gateway is reached. */
export async function existingCluster(kubeconfig: string): Promise<Cluster> {
  if (!existsSync(kubeconfig))
    throw new Error(`There is no kubeconfig ${kubeconfig}: give the path of an existing file.`);
  const context = ["config", "view", "--minify", "--output", "jsonpath={.clusters[0].name}"];
  const name = (await kubectl({ kubeconfig }, context)).replace(/^kind-/, "");
  return { name, kubeconfig, gatewayUrl: await gatewayUrlOf(kubeconfig), docker: await runningDocker() };
}

/** Puts local images onto the cluster's node; those that it has are skipped. */
export async function loadImages(cluster: Cluster, tags: readonly string[]): Promise<void> {
  if (!(await succeeds("docker", ["inspect", nodeOf(cluster.name)], { env: cluster.docker.env }))) {
    throw new Error(
      `Cluster ${cluster.name} is not a kind cluster of this machine, so images cannot be loaded into it: ` +
        `push ${tags.join(", ")} to a registry that it pulls from.`,
    );
  }
  const { kind } = await ensureBinaries(["kind"]);
  await step(`images loaded: ${tags.join(", ")}`, () =>
    run(kind, ["load", "docker-image", "--name", cluster.name, ...tags], { env: cluster.docker.env }),
  );
}

async function gatewayUrlOf(kubeconfig: string): Promise<string> {
  const gateway = ["get", "gateway", GATEWAY.name, "--namespace", GATEWAY.namespace, "--output"];
  const found = JSON.parse(await kubectl({ kubeconfig }, [...gateway, "json"])) as {
    metadata: { annotations?: Record<string, string> };
    status?: { addresses?: { value: string }[] };
  };
  const annotated = found.metadata.annotations?.[GATEWAY_URL_ANNOTATION];
  if (annotated !== undefined) return annotated;
  const address = found.status?.addresses?.[0]?.value;
  if (address !== undefined) return `http://${address}:${GATEWAY.port}`;
  throw new Error(
    `Gateway ${GATEWAY.namespace}/${GATEWAY.name} has no address in its status: give it one, ` +
      `or say where it is reached with the annotation ${GATEWAY_URL_ANNOTATION}.`,
  );
}
