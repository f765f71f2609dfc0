import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders of `modules`: each has a go.mod and go.sum that pin one set of programs. */
export type ToolModule =
  | "kubernetes"
  | "kind"
  | "crictl"
  | "coredns"
  | "envoy-gateway"
  | "helm"
  | "local-path-provisioner";

/** The oldest Go that builds all of them: the highest `go` line of their go.mod files. */
export const goVersion = "1.26.6";

/** Versions with their leading v. The go.mod files are the one place that states them. */
export const versions = {
  kubernetes: required("kubernetes", "k8s.io/kubernetes"),
  etcd: required("kubernetes", "go.etcd.io/etcd/server/v3"),
  kind: required("kind", "sigs.k8s.io/kind"),
  crictl: required("crictl", "sigs.k8s.io/cri-tools"),
  coredns: required("coredns", "github.com/coredns/coredns"),
  envoyGateway: required("envoy-gateway", "github.com/envoyproxy/gateway"),
  helm: required("helm", "helm.sh/helm/v3"),
  localPathProvisioner: required("local-path-provisioner", "github.com/rancher/local-path-provisioner"),
} as const;

export function moduleFolder(module: ToolModule): string {
  return join(import.meta.dirname, "modules", module);
}

function required(module: ToolModule, path: string): string {
  const file = join(moduleFolder(module), "go.mod");
  const line = readFileSync(file, "utf8")
    .split("\n")
    .map((text) => text.replace("require ", "").trim().split(" "))
    .find(([required, version]) => required === path && version?.startsWith("v"));
  if (line?.[1] === undefined) throw new Error(`${file} does not require ${path}`);
  return line[1];
}
