import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureBinaries } from "../../../hack/tools/binaries.ts";
import type { ClusterConfig } from "../../../src/kube/config.ts";
import { kubeconfigFile } from "../../../src/kube/kubeconfig.ts";
import type { Caller } from "../request.ts";
import { serviceAccountToken } from "../service-account.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");

/** The CRDs and RBAC of the manifests, on the shared control plane, and those who act there. */
export interface Installation {
  readonly admin: ClusterConfig;
  /** The manager's ServiceAccount, with the rights of manager-rbac.yaml and no others. */
  readonly manager: ClusterConfig;
  /** The collector's. */
  readonly collector: ClusterConfig;
  /** A token of the manager for the collector. */
  readonly managerCollectorToken: string;
  /** For requests beside the product's own client. */
  readonly caller: Caller;
}

export async function install(kubeconfig: string): Promise<Installation> {
  const { kubectl } = await ensureBinaries(["kubectl"]);
  const apply = (...what: string[]) => run(kubectl, ["--kubeconfig", kubeconfig, "apply", "--server-side", ...what]);
  const manifest = (name: string) => ["-f", join(root, "manifests/base", `${name}.yaml`)];
  await apply("-k", join(root, "crds"));
  await apply(...manifest("namespace"), ...manifest("manager-rbac"), ...manifest("collector-rbac"));
  await run(kubectl, ["--kubeconfig", kubeconfig, "wait", "--for=condition=Established", "crd", "--all"]);

  const admin = await kubeconfigFile(kubeconfig);
  const { authorization = "" } = await admin.headers();
  const caller = { url: admin.server, ca: String(admin.tls.ca), token: authorization.replace("Bearer ", "") };
  const as = async (name: string): Promise<ClusterConfig> => {
    const token = await serviceAccountToken(caller, "dpo-system", name);
    return { ...admin, headers: async () => ({ authorization: `Bearer ${token}` }) };
  };
  return {
    admin,
    caller,
    manager: await as("dpo-manager"),
    collector: await as("dpo-collector"),
    managerCollectorToken: await serviceAccountToken(caller, "dpo-system", "dpo-manager", ["dpo-collector"]),
  };
}
