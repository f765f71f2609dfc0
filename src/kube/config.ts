import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../runtime/clock.ts";
import { rereadFile } from "../runtime/reread-file.ts";

/** Where the API server is and who we are to it. */
export interface ClusterConfig {
  /** Base URL, without a path. */
  readonly server: string;
  readonly tls: TlsOptions;
  /** The namespace of the kubeconfig's context, or of our own pod. */
  readonly namespace: string;
  /** Headers of the next request: tokens expire, so ask every time. */
  readonly headers: () => Promise<Record<string, string>>;
}

/** PEM. */
export interface TlsOptions {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly servername?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The pod's service account. `environment` holds KUBERNETES_SERVICE_HOST and _PORT. */
export async function inClusterConfig(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  directory = SERVICE_ACCOUNT,
): Promise<ClusterConfig> {
  const host = environment.KUBERNETES_SERVICE_HOST;
  const port = environment.KUBERNETES_SERVICE_PORT;
  if (!host || !port) {
    throw new Error(
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod; pass a kubeconfig file",
    );
  }
  const [ca, namespace] = await Promise.all([
    readFile(join(directory, "ca.crt")),
    readFile(join(directory, "namespace"), "utf8"),
  ]);
  const token = rereadFile(join(directory, "token"), clock);
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    tls: { ca },
    namespace: namespace.trim(),
    headers: async () => ({ authorization: `Bearer ${await token()}` }),
  };
}
