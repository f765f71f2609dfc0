import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensure } from "../lib/cache.ts";
import { step } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { ensureBinaries } from "../tools/binaries.ts";
import { goModuleSource } from "../tools/go.ts";
import { versions } from "../tools/versions.ts";
import { GATEWAY_IMAGE } from "./gateway-images.ts";
import { kubectl } from "./kubectl.ts";
import { digestOf } from "./made-image.ts";
import { GATEWAY, GATEWAY_URL_ANNOTATION } from "./settings.ts";

const RELEASE = "envoy-gateway";
const RELEASE_NAMESPACE = "envoy-gateway-system";
/** On the Gateway, written last: everything before it came to its end with these versions. */
const SETUP_ANNOTATION = "dpo.dev/gateway-setup";
const ANSWER_SECONDS = 120;

/** Installs Envoy Gateway by its own chart, and the Gateway that routes attach to, reached at `url`. */
export async function ensureGateway(cluster: { readonly kubeconfig: string }, url: string): Promise<void> {
  const manifest = readFileSync(join(import.meta.dirname, "gateway.yaml"), "utf8");
  const setup = digestOf([versions.envoyGateway, manifest, url]);
  if (!(await isSetUp(cluster, setup))) {
    await step(`Envoy Gateway ${versions.envoyGateway} installed`, async () => {
      await installChart(cluster.kubeconfig);
      await kubectl(cluster, ["apply", "--server-side", "-f", "-"], { input: manifest });
    });
    const gateway = ["--namespace", GATEWAY.namespace, `gateway/${GATEWAY.name}`];
    await kubectl(cluster, ["wait", ...gateway, "--for=condition=Programmed", "--timeout=3m"]);
    await step(`Gateway answers at ${url}`, () => untilAnswers(url));
    const annotations = [`${GATEWAY_URL_ANNOTATION}=${url}`, `${SETUP_ANNOTATION}=${setup}`];
    await kubectl(cluster, ["annotate", "--overwrite", ...gateway, ...annotations]);
  }
}

async function isSetUp(cluster: { readonly kubeconfig: string }, setup: string): Promise<boolean> {
  const resource = ["get", "gateway", GATEWAY.name, "--namespace", GATEWAY.namespace, "--ignore-not-found"];
  const crds = await kubectl(cluster, [
    "get",
    "crd",
    "gateways.gateway.networking.k8s.io",
    "--ignore-not-found",
    "-o",
    "name",
  ]);
  if (crds === "") return false;
  const path = `-o=jsonpath={.metadata.annotations.${SETUP_ANNOTATION.replaceAll(".", "\\.")}}`;
  return (await kubectl(cluster, [...resource, path])) === setup;
}

async function installChart(kubeconfig: string): Promise<void> {
  const { helm } = await ensureBinaries(["helm"]);
  const chart = await ensure(`charts/envoy-gateway-${versions.envoyGateway}`, fillChart);
  // helm would keep the CRDs in its release, which is too large for a Secret.
  await kubectl({ kubeconfig }, ["apply", "--server-side", "--recursive", "-f", join(chart, "charts/crds/crds")]);
  const target = [RELEASE, "--namespace", RELEASE_NAMESPACE, "--kubeconfig", kubeconfig];
  await removeUnfinished(helm, target);
  const values = ["--create-namespace", "--set", "crds.enabled=false", "--wait", "--timeout", "4m"];
  await run(helm, ["upgrade", "--install", ...target, chart, ...values]);
}

/** The chart as it is in the Go module, with the two values filled in that a release fills in. */
async function fillChart(folder: string): Promise<void> {
  const source = await goModuleSource("envoy-gateway", "github.com/envoyproxy/gateway");
  cpSync(join(source, "charts/gateway-helm"), folder, { recursive: true });
  // Go's module cache is read-only, and so is a copy of it.
  await run("chmod", ["-R", "u+w", folder]);
  const values = readFileSync(join(folder, "values.tmpl.yaml"), "utf8")
    .replace(/\$\{GatewayImage\}/, GATEWAY_IMAGE)
    .replace(/\$\{GatewayImagePullPolicy\}/, "IfNotPresent");
  writeFileSync(join(folder, "values.yaml"), values);
}

/** helm refuses to touch a release whose install was cut short or failed. */
async function removeUnfinished(helm: string, target: readonly string[]): Promise<void> {
  const [release, ...where] = target;
  const listed = await run(helm, ["list", "--pending", "--failed", "--short", ...where]);
  if (listed.trim() === release) await run(helm, ["uninstall", "--wait", ...target]);
}

/** Any answer will do: without a route it is a 404. */
async function untilAnswers(url: string): Promise<void> {
  for (const deadline = Date.now() + ANSWER_SECONDS * 1000; ; await sleep(200)) {
    try {
      await fetch(url, { signal: AbortSignal.timeout(2000) });
      return;
    } catch (error) {
      if (Date.now() < deadline) continue;
      throw new Error(`The Gateway does not answer at ${url}: see kubectl get pods -n ${RELEASE_NAMESPACE}`, {
        cause: error,
      });
    }
  }
}
