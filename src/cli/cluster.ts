import { join, resolve } from "node:path";
import * as z from "zod";
import type { PreferenceCanary } from "../api/v1alpha1/preference-canary.ts";
import { preferenceCanaries } from "../controllers/resources.ts";
import { type Client, createClient } from "../kube/client.ts";
import type { ClusterConfig } from "../kube/config.ts";
import { ApiError, ConnectionError } from "../kube/errors.ts";
import { kubeconfigFile } from "../kube/kubeconfig.ts";
import { retried } from "../kube/retry.ts";
import { createTransport } from "../kube/transport.ts";
import { systemClock } from "../runtime/clock.ts";
import { describeIssues, Failure } from "./failure.ts";
import type { Host } from "./host.ts";

export interface ClusterOptions {
  readonly name: string;
  /** The context's own unless it is named. */
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The canary as it stands in the cluster. Throws a Failure when it cannot be had. */
export async function readCanary(options: ClusterOptions, host: Host): Promise<PreferenceCanary> {
  return withClient(options, host, async (client, key) => found(await client.get(preferenceCanaries, key), key));
}

/** What changes these annotations of a canary, decided on it as it stands; null takes one off. */
export type Annotate = (canary: PreferenceCanary) => Readonly<Record<string, string | null>>;

/** Changes annotations as `kubectl annotate` does, and returns what was written. Throws a Failure when it may not. */
export async function annotateCanary(
  options: ClusterOptions,
  host: Host,
  annotate: Annotate,
): Promise<Readonly<Record<string, string | null>>> {
  return withClient(options, host, async (client, key) => {
    const annotations = annotate(found(await client.get(preferenceCanaries, key), key));
    await client.patch(preferenceCanaries, key, { type: "merge", body: { metadata: { annotations } } });
    return annotations;
  });
}

/** A token of a ServiceAccount of the canary's namespace, as `kubectl create token` gives it. */
export async function requestToken(
  options: ClusterOptions,
  host: Host,
  { name, audience }: { readonly name: string; readonly audience: string },
): Promise<string> {
  return withClient(options, host, (client, { namespace }) => client.requestToken({ namespace, name }, audience));
}

type Key = { readonly namespace: string; readonly name: string };

async function withClient<T>(
  { name, namespace, ...options }: ClusterOptions,
  host: Host,
  work: (client: Client, key: Key) => Promise<T>,
): Promise<T> {
  const config = await configOf(options, host);
  const transport = createTransport(config);
  try {
    return await work(createClient(retried(transport, systemClock), "kubectl-dpo"), {
      namespace: namespace ?? config.namespace,
      name,
    });
  } catch (error) {
    throw explained(error, config);
  } finally {
    await transport.close();
  }
}

function found(canary: PreferenceCanary | undefined, { namespace, name }: Key): PreferenceCanary {
  if (canary !== undefined) return canary;
  throw new Failure(
    `there is no PreferenceCanary ${name} in namespace ${namespace}: kubectl get preferencecanaries -A`,
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
