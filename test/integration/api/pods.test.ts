import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, inject, test } from "vitest";
import { ensureBinaries } from "../../../hack/tools/binaries.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const IN = ["--namespace", "pods"];
const EXAMPLE = join(root, "manifests/examples/preference-canary-inline.yaml");

let kubectl: (...args: string[]) => Promise<string>;

/** Carol may edit canaries, and Dave may make Deployments too. */
beforeAll(async () => {
  const binaries = await ensureBinaries(["kubectl"]);
  kubectl = async (...args) => (await run(binaries.kubectl, ["--kubeconfig", inject("kubeconfig"), ...args])).stdout;
  const apply = (...what: string[]) => kubectl("apply", "--server-side", ...what);
  await apply("-k", join(root, "crds"));
  await kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all");
  for (const name of ["user-roles", "pods-allowed"]) await apply("-f", join(root, "manifests/base", `${name}.yaml`));
  await kubectl("create", "namespace", "pods");
  const bind = (name: string, role: string, user: string) =>
    kubectl("create", "rolebinding", name, `--clusterrole=${role}`, `--user=${user}`, ...IN);
  for (const user of ["carol", "dave"]) {
    await bind(`${user}-edits`, "dpo-edit", user);
    await bind(`${user}-views`, "dpo-view", user);
  }
  await kubectl("create", "role", "deployer", "--verb=create", "--resource=deployments.apps", ...IN);
  await kubectl("create", "rolebinding", "dave-deploys", "--role=deployer", "--user=dave", ...IN);
});

async function refusal(user: string, ...args: string[]): Promise<string | undefined> {
  try {
    await kubectl(`--as=${user}`, ...args, ...IN);
    return undefined;
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

test("pods in a canary are written only by who may make pods without it", async () => {
  const patch = (spec: object) => [
    "patch",
    "preferencecanary",
    "inline",
    "--type=merge",
    "-p",
    JSON.stringify({ spec }),
  ];
  const containers = [{ name: "server", image: "miner:1" }];
  // A policy is loaded a moment after it was stored.
  const attempt = () => refusal("carol", "create", "--dry-run=server", "-f", EXAMPLE);
  await expect.poll(attempt, { timeout: 20_000 }).toContain("ask for the verb create on deployments.apps");
  expect(await refusal("dave", "create", "-f", EXAMPLE)).toBeUndefined();
  expect(await refusal("carol", ...patch({ suspend: true }))).toBeUndefined();
  expect(await refusal("carol", ...patch({ serving: { template: { spec: { containers } } } }))).toContain(
    "spec.serving.template may be set or changed only by who may create Deployments in the namespace",
  );
  expect(await refusal("dave", ...patch({ serving: { template: { spec: { containers } } } }))).toBeUndefined();
  expect(
    await refusal(
      "dave",
      ...patch({ serving: { template: { spec: { containers: [{ name: "server", env: { A: "b" } }] } } } }),
    ),
  ).toContain("spec.serving.template.spec.containers[0].env");
});

test("somebody else's Services and routes, and KServe, are used only by who may write such", async () => {
  const examples = join(root, "manifests/examples");
  const create = (name: string) => [
    "create",
    "--dry-run=server",
    "-f",
    join(examples, `preference-canary-${name}.yaml`),
  ];
  expect(await refusal("dave", ...create("external"))).toContain("ask for the verb create on services");
  expect(await refusal("dave", ...create("adopted"))).toContain("ask for the verb update on httproutes");
  expect(await refusal("dave", ...create("kserve"))).toContain("ask for the verb create on inferenceservices");
  await kubectl("create", "role", "router", "--verb=create", "--resource=services", ...IN);
  await kubectl("create", "role", "shop", "--verb=update", "--resource=services", ...IN);
  // kubectl names no resource that the server does not know.
  const rules = [
    { apiGroups: ["gateway.networking.k8s.io"], resources: ["httproutes"], verbs: ["update"] },
    { apiGroups: ["serving.kserve.io"], resources: ["inferenceservices"], verbs: ["create"] },
  ];
  await kubectl("patch", "role", "shop", "--type=merge", "-p", JSON.stringify({ rules }), ...IN);
  for (const role of ["router", "shop"])
    await kubectl("create", "rolebinding", `dave-${role}`, `--role=${role}`, "--user=dave", ...IN);
  await expect.poll(() => refusal("dave", ...create("external")), { timeout: 10_000 }).toBeUndefined();
  await expect.poll(() => refusal("dave", ...create("adopted")), { timeout: 10_000 }).toBeUndefined();
  await expect.poll(() => refusal("dave", ...create("kserve")), { timeout: 10_000 }).toBeUndefined();
});
