import { join, resolve } from "node:path";
import * as z from "zod";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { preferenceCanaries } from "../../controllers/resources.ts";
import { createClient } from "../../kube/client.ts";
import type { ClusterConfig } from "../../kube/config.ts";
import { ApiError, ConnectionError } from "../../kube/errors.ts";
import { kubeconfigFile } from "../../kube/kubeconfig.ts";
import { retried } from "../../kube/retry.ts";
import { createTransport } from "../../kube/transport.ts";
import { systemClock } from "../../runtime/clock.ts";
import { describeIssues, Failure } from "../failure.ts";
import type { Host } from "../host.ts";

export interface ClusterOptions {
  readonly name: string;
  /** The context's own unless it is named. */
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The canary as it stands in the cluster. Throws a Failure when it cannot be had. */
export async function readCanary(
  { name, namespace, ...options }: ClusterOptions,
  host: Host,
): Promise<PreferenceCanary> {
  const config = await configOf(options, host);
  const key = { namespace: namespace ?? config.namespace, name };
  const transport = createTransport(config);
  try {
    const canary = await createClient(retried(transport, systemClock), "dpo").get(preferenceCanaries, key);
    if (canary !== undefined) return canary;
  } catch (error) {
    throw explained(error, config);
  } finally {
    await transport.close();
  }
  throw new Failure(
    `there is no PreferenceCanary ${name} in namespace ${key.namespace}: kubectl get preferencecanaries -A`,
  );
}

async function configOf(
  { kubeconfig, context }: Pick<ClusterOptions, "kubeconfig" | "context">,
  { environment, home, cwd }: Host,
): Promise<ClusterConfig> {
  const [first = ""] = (environment.KUBECONFIG ?? "").split(":");
  const path = resolve(cwd, kubeconfig ?? (first || join(home, ".kube/config")));
  try {
    return await kubeconfigFile(path, context);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure(`the cluster cannot be reached: kubeconfig ${path}: ${said}; name another with --kubeconfig`);
  }
}

function explained(error: unknown, { server }: ClusterConfig): unknown {
  if (error instanceof z.ZodError) {
    return new Failure(
      `the canary is not as this version knows it (${describeIssues(error)}): use the dpo of the operator's version`,
    );
  }
  if (error instanceof ApiError) return new Failure(`${server} refuses: ${error.message}`);
  if (error instanceof ConnectionError)
    return new Failure(`${server} does not answer: ${error.message}: is the cluster up?`);
  return error;
}
