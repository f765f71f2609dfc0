import { join } from "node:path";
import { run } from "../lib/run.ts";
import { ensureBinaries } from "../tools/binaries.ts";
import { versions } from "../tools/versions.ts";
import { DEBIAN_IMAGE } from "./base-images.ts";
import { place, type Recipe, staticBinary } from "./made-image.ts";

const BIN = "usr/local/bin";

/** The names under which kubeadm starts a control plane: they depend on its version. */
export async function controlPlaneTags(): Promise<(component: string) => string> {
  const { kubeadm } = await ensureBinaries(["kubeadm"]);
  const tags = (await run(kubeadm, ["config", "images", "list", "--kubernetes-version", versions.kubernetes])).split(
    "\n",
  );
  return (component) => {
    const tag = tags.find((candidate) => candidate.includes(`/${component}:`));
    if (tag === undefined) throw new Error(`kubeadm ${versions.kubernetes} names no image of ${component}`);
    return tag;
  };
}

/** `pause` is a static program that does nothing and reaps the processes that a pod leaves behind. */
export async function controlPlaneRecipes(tagOf: (component: string) => string, pause: string): Promise<Recipe[]> {
  const names = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "etcd",
    "coredns",
    "kube-proxy",
  ] as const;
  const binaries = await ensureBinaries(names);
  const plain = (["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"] as const).map((name) =>
    staticBinary(tagOf(name), binaries[name], join(BIN, name)),
  );
  return [
    ...plain,
    staticBinary(tagOf("coredns"), binaries.coredns, "coredns", 'ENTRYPOINT ["/coredns"]'),
    { ...staticBinary(tagOf("pause"), pause, "pause", 'ENTRYPOINT ["/pause", "-P"]'), inputs: ["catatonit"] },
    kubeProxy(tagOf("kube-proxy"), binaries["kube-proxy"]),
  ];
}

/** The one that needs more than itself: it writes its rules with nft. */
function kubeProxy(tag: string, binary: string): Recipe {
  const install =
    "apt-get update && apt-get install -y --no-install-recommends nftables conntrack && rm -rf /var/lib/apt/lists/*";
  return {
    tag,
    inputs: [binary],
    dockerfile: `FROM ${DEBIAN_IMAGE}\nRUN ${install}\nCOPY . /\n`,
    fill: (context) => place(binary, join(context, BIN, "kube-proxy")),
  };
}
