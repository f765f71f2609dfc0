import type { RequestOptions } from "node:https";
import type { ClusterConfig } from "./config.ts";

/**
 * A kubeconfig's context (its current one unless named), with every way to authenticate that client-node knows.
 * That library is loaded here only: it costs 40 MB that the operator in its pod need not pay.
 */
export async function kubeconfigFile(path: string, context?: string): Promise<ClusterConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromFile(path);
  if (context !== undefined) kubeconfig.setCurrentContext(context);
  const cluster = kubeconfig.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`${path}: context "${kubeconfig.getCurrentContext()}" names no cluster; set current-context`);
  }

  async function options(): Promise<RequestOptions> {
    const requestOptions: RequestOptions = { headers: {} };
    await kubeconfig.applyToHTTPSOptions(requestOptions);
    return requestOptions;
  }
  const { ca, cert, key, servername, rejectUnauthorized } = await options();
  return {
    server: cluster.server,
    tls: { ca: pem(ca), cert: pem(cert), key: pem(key), servername, rejectUnauthorized },
    namespace: kubeconfig.getContextObject(kubeconfig.getCurrentContext())?.namespace ?? "default",
    headers: async () => authorization(await options()),
  };
}

function pem(value: unknown): string | Buffer | undefined {
  return typeof value === "string" || Buffer.isBuffer(value) ? value : undefined;
}

function authorization({ headers, auth }: RequestOptions): Record<string, string> {
  if (typeof auth === "string") return { authorization: `Basic ${Buffer.from(auth).toString("base64")}` };
  const value = new Map(Object.entries(headers ?? {})).get("Authorization");
  return typeof value === "string" ? { authorization: value } : {};
}
