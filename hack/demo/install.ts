import { join } from "node:path";
import { KINDS } from "../../src/api/v1alpha1/kinds.ts";
import { GROUP } from "../../src/api/v1alpha1/object.ts";
import { type Cluster, loadImages } from "../cluster/cluster.ts";
import { docker } from "../cluster/docker.ts";
import { buildImage } from "../cluster/images.ts";
import { kubectl } from "../cluster/kubectl.ts";

const root = join(import.meta.dirname, "../..");

/** The images under tags that name their content, so that another build is another Deployment. */
export interface Images {
  readonly operator: string;
  readonly trainer: string;
}

export async function buildImages(cluster: Cluster): Promise<Images> {
  return {
    operator: await build(cluster, "dpo-operator", "Dockerfile"),
    trainer: await build(cluster, "dpo-trainer", "trainer-image/Dockerfile"),
  };
}

async function build(cluster: Cluster, name: string, dockerfile: string): Promise<string> {
  await buildImage(cluster.docker, { tag: `${name}:dev`, context: root, dockerfile: join(root, dockerfile) });
  const id = await docker(cluster.docker, "image", "inspect", "--format", "{{.Id}}", `${name}:dev`);
  const tag = `${name}:${id.trim().replace("sha256:", "").slice(0, 12)}`;
  await docker(cluster.docker, "tag", `${name}:dev`, tag);
  return tag;
}

/** CRDs, manager and collector from the manifests that everybody installs; only the images' tags are put in. */
export async function install(cluster: Cluster, images: Images): Promise<void> {
  await loadImages(cluster, [images.operator, images.trainer]);
  const rendered = await kubectl(cluster, ["kustomize", join(root, "manifests/base")]);
  const input = rendered.replaceAll("dpo-operator:dev", images.operator).replaceAll("dpo-trainer:dev", images.trainer);
  await kubectl(cluster, ["apply", "--server-side", "--force-conflicts", "-f", "-"], { input });
  const crds = KINDS.map(({ plural }) => `crd/${plural}.${GROUP}`);
  await kubectl(cluster, ["wait", "--for=condition=Established", "--timeout=60s", ...crds]);
}

export async function operatorReady(cluster: Cluster): Promise<void> {
  const wait = ["rollout", "status", "--namespace", "dpo-system", "--timeout=180s"];
  await kubectl(cluster, [...wait, "statefulset/dpo-collector"]);
  await kubectl(cluster, [...wait, "deployment/dpo-manager"]);
}
