import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { step } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { ensureBinaries } from "../tools/binaries.ts";
import { versions } from "../tools/versions.ts";
import { ensureBaseImages } from "./base-images.ts";
import { controlPlaneRecipes, controlPlaneTags } from "./control-plane-images.ts";
import { type Docker, docker } from "./docker.ts";
import { gatewayRecipes } from "./gateway-images.ts";
import { digestOf, ensureMade, isThere, MADE_OF, removeMade, withWorkFolder } from "./made-image.ts";
import { makeNodeFiles } from "./node-files.ts";
import { makeRootfs } from "./rootfs.ts";
import { readStorage, storageRecipes } from "./storage.ts";
import { succeeds } from "./succeeds.ts";

export const NODE_IMAGE = `dpo-operator/kind-node:${versions.kubernetes}`;
const ROOT_IMAGE = "dpo-operator/kind-node-root";
/** A fixed name, so that one that an interrupted run left is found and removed. */
const PRELOADING = "dpo-operator-preloading";

/** What kind's own base image has, from Debian; busybox and catatonit are static and go into images of their own. */
const PACKAGES = [
  ...["systemd", "containerd", "runc", "containernetworking-plugins", "iptables", "nftables", "iproute2", "conntrack"],
  ...["ethtool", "socat", "mount", "kmod", "procps", "jq", "ca-certificates", "curl", "busybox-static", "catatonit"],
];
/** The files here that say what goes in: a change in one makes another image. */
const INGREDIENTS = [
  ...["node-setup.sh", "node-bridge.conflist", "node-files.ts"],
  ...["control-plane-images.ts", "storage.ts", "gateway-images.ts"],
];
const ENTRYPOINT = 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]';

/** A kind node without any registry: Debian packages, kind's own files, Kubernetes and Envoy Gateway from Go modules. */
export async function ensureNodeImage(daemon: Docker): Promise<void> {
  const ours = INGREDIENTS.map((name) => readFileSync(join(import.meta.dirname, name), "utf8"));
  const madeOf = digestOf([JSON.stringify(versions), ...PACKAGES, ...ours]);
  if (await isThere(daemon, NODE_IMAGE, madeOf)) return;
  await ensureBaseImages(daemon);
  await step(`image ${NODE_IMAGE} made here`, async () => {
    const tags = await makeRootImage(daemon);
    await preload(daemon, tags, madeOf);
    for (const tag of tags) await removeMade(daemon, tag);
  });
}

/** Imports the root of a node and makes the images that it is to hold; returns their tags. */
function makeRootImage(daemon: Docker): Promise<string[]> {
  return withWorkFolder(async (folder) => {
    const tagOf = await controlPlaneTags();
    const storage = await readStorage();
    const { kubeadm, kubelet, kubectl, crictl } = await ensureBinaries(["kubeadm", "kubelet", "kubectl", "crictl"]);
    const files = await makeNodeFiles(folder, {
      programs: [kubeadm, kubelet, kubectl, crictl],
      pauseImage: tagOf("pause"),
      storageManifest: storage.manifest,
    });
    const tar = join(folder, "root.tar");
    const setup = join(import.meta.dirname, "node-setup.sh");
    const hooks = [`tar-in ${files} /`, `upload ${setup} /setup.sh`, 'chroot "$1" sh /setup.sh', 'rm "$1/setup.sh"'];
    await makeRootfs(tar, { packages: PACKAGES, hooks });
    await docker(daemon, "import", "--change", "ENV container=docker", tar, ROOT_IMAGE);
    await run("tar", ["--extract", "--file", tar, "--directory", folder, "./usr/bin/catatonit", "./usr/bin/busybox"]);
    const recipes = [
      ...(await controlPlaneRecipes(tagOf, join(folder, "usr/bin/catatonit"))),
      ...(await storageRecipes(storage, join(folder, "usr/bin/busybox"))),
      ...(await gatewayRecipes()),
    ];
    for (const recipe of recipes) await ensureMade(daemon, recipe);
    return recipes.map((recipe) => recipe.tag);
  });
}

/** Puts images into the node's containerd, as kind itself does: they are unpacked when a pod first needs them. */
async function preload(daemon: Docker, tags: readonly string[], madeOf: string): Promise<void> {
  await docker(daemon, "rm", "--force", PRELOADING);
  const start = [
    "run",
    "--detach",
    "--privileged",
    "--name",
    PRELOADING,
    "--entrypoint",
    "sleep",
    ROOT_IMAGE,
    "infinity",
  ];
  await docker(daemon, ...start);
  try {
    await docker(daemon, "exec", "--detach", PRELOADING, "containerd");
    while (!(await succeeds("docker", ["exec", PRELOADING, "ctr", "version"], { env: daemon.env }))) await sleep(200);
    const load = `docker save ${tags.join(" ")} | docker exec -i ${PRELOADING} ctr -n k8s.io images import --all-platforms --digests --no-unpack -`;
    await run("sh", ["-c", load], { env: daemon.env });
    const stop = "kill $(pidof containerd); while pidof containerd; do sleep 0.1; done; rm -rf /run/containerd";
    await docker(daemon, "exec", PRELOADING, "sh", "-c", stop);
    const changes = [ENTRYPOINT, `LABEL ${MADE_OF}=${madeOf}`].flatMap((change) => ["--change", change]);
    await docker(daemon, "commit", ...changes, PRELOADING, NODE_IMAGE);
  } finally {
    await docker(daemon, "rm", "--force", PRELOADING);
  }
}
