import { join } from "node:path";

export interface Ports {
  readonly apiServer: number;
  readonly etcdClient: number;
  readonly etcdPeer: number;
}

/** Everything that the two servers read and write is in this folder. */
export const files = {
  tokens: "tokens.csv",
  serviceAccountKey: "service-account.key",
  serviceAccountPublicKey: "service-account.pub",
  /** The API server makes its certificate and the authority of that at its first start. */
  certificate: "apiserver.crt",
  kubeconfig: "kubeconfig",
} as const;

export function etcdFlags(folder: string, ports: Ports): string[] {
  const clientUrl = `http://127.0.0.1:${ports.etcdClient}`;
  const peerUrl = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // The data is thrown away at the end: it need not survive a power cut.
    "--unsafe-no-fsync",
  ];
}

export function apiServerFlags(folder: string, ports: Ports): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.apiServer}`,
    `--cert-dir=${folder}`,
    `--token-auth-file=${join(folder, files.tokens)}`,
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${join(folder, files.serviceAccountPublicKey)}`,
    `--service-account-signing-key-file=${join(folder, files.serviceAccountKey)}`,
    // It asks that a pod's ServiceAccount exists, and the controller that makes the default ones does not run.
    "--disable-admission-plugins=ServiceAccount",
    // Off by default, on in many clusters: who sets blockOwnerDeletion must have a right to the owner's finalizers.
    "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
    "--service-cluster-ip-range=10.0.0.0/16",
    "--endpoint-reconciler-type=none",
  ];
}
