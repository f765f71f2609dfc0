import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensure } from "../lib/cache.ts";
import { step } from "../lib/progress.ts";
import { goIn } from "./go.ts";
import { type ToolModule, versions } from "./versions.ts";

interface Source {
  readonly module: ToolModule;
  readonly path: string;
  readonly version: string;
  /** Go variables that tell the program its version, which a build outside its own repository cannot know. */
  readonly variables?: Readonly<Record<string, string>>;
}

const [kubernetesMajor = "", kubernetesMinor = ""] = versions.kubernetes.slice(1).split(".");

const sources = {
  "kube-apiserver": kubernetes("kube-apiserver"),
  etcd: { module: "kubernetes", path: "go.etcd.io/etcd/server/v3", version: versions.etcd },
  kubectl: kubernetes("kubectl"),
  "kube-controller-manager": kubernetes("kube-controller-manager"),
  "kube-scheduler": kubernetes("kube-scheduler"),
  kubelet: kubernetes("kubelet"),
  "kube-proxy": kubernetes("kube-proxy"),
  kubeadm: kubernetes("kubeadm"),
  crictl: {
    module: "crictl",
    path: "sigs.k8s.io/cri-tools/cmd/crictl",
    version: versions.crictl,
    variables: { "sigs.k8s.io/cri-tools/pkg/version.Version": versions.crictl },
  },
  kind: { module: "kind", path: "sigs.k8s.io/kind", version: versions.kind },
  coredns: { module: "coredns", path: "github.com/coredns/coredns", version: versions.coredns },
  "envoy-gateway": {
    module: "envoy-gateway",
    path: "github.com/envoyproxy/gateway/cmd/envoy-gateway",
    version: versions.envoyGateway,
    variables: { "github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion": versions.envoyGateway },
  },
  helm: {
    module: "helm",
    path: "helm.sh/helm/v3/cmd/helm",
    version: versions.helm,
    variables: { "helm.sh/helm/v3/internal/version.version": versions.helm },
  },
  "local-path-provisioner": {
    module: "local-path-provisioner",
    path: "github.com/rancher/local-path-provisioner",
    version: versions.localPathProvisioner,
    variables: { "main.VERSION": versions.localPathProvisioner },
  },
} as const satisfies Record<string, Source>;

export type BinaryName = keyof typeof sources;

/** What setup-envtest installs: an installation of it that KUBEBUILDER_ASSETS names is used as it is. */
const envtestNames: ReadonlySet<string> = new Set(["kube-apiserver", "etcd", "kubectl"]);

/** Returns the absolute path of each program, building from its pinned Go module what this machine has not yet. */
export async function ensureBinaries<Name extends BinaryName>(names: readonly Name[]): Promise<Record<Name, string>> {
  const paths = {} as Record<Name, string>;
  // One after the other: each build uses all cores, and most share what the one before has compiled.
  for (const name of names) paths[name] = fromEnvtest(name) ?? (await built(name));
  return paths;
}

function fromEnvtest(name: BinaryName): string | undefined {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (!assets || !envtestNames.has(name)) return undefined;
  const path = join(assets, name);
  if (!existsSync(path)) throw new Error(`KUBEBUILDER_ASSETS is ${assets}, which has no ${name}: correct or unset it.`);
  return path;
}

async function built(name: BinaryName): Promise<string> {
  const source: Source = sources[name];
  const key = `tools/${name}-${source.version}-${process.platform}-${process.arch}`;
  const folder = await ensure(key, async (target) => {
    await step(`build ${name} ${source.version} from its Go module`, () => build(source, join(target, name)));
  });
  return join(folder, name);
}

async function build({ module, path, variables = {} }: Source, target: string): Promise<void> {
  const set = Object.entries(variables).map(([variable, value]) => `-X ${variable}=${value}`);
  await goIn(module, ["build", "-trimpath", "-ldflags", ["-s -w", ...set].join(" "), "-o", target, path]);
}

function kubernetes(command: string): Source {
  return {
    module: "kubernetes",
    path: `k8s.io/kubernetes/cmd/${command}`,
    version: versions.kubernetes,
    variables: {
      "k8s.io/component-base/version.gitVersion": versions.kubernetes,
      "k8s.io/component-base/version.gitMajor": kubernetesMajor,
      "k8s.io/component-base/version.gitMinor": kubernetesMinor,
    },
  };
}
