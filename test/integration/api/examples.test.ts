import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ensureBinaries } from "../../../hack/tools/binaries.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const refused = join(import.meta.dirname, "refused");
const examples = join(root, "manifests/examples");

const yamlFiles = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".yaml"));

let kubectl: (...args: string[]) => Promise<{ code: number; stdout: string; stderr: string }>;

beforeAll(async () => {
  const binaries = await ensureBinaries(["kubectl"]);
  kubectl = async (...args) => {
    try {
      return { code: 0, ...(await run(binaries.kubectl, ["--kubeconfig", inject("kubeconfig"), ...args])) };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  };
  const applied = await kubectl("apply", "--server-side", "-k", join(root, "crds"));
  expect(applied.stderr).toBe("");
  const established = await kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all");
  expect(established.stderr).toBe("");
});

test("the CRDs are exactly what the server stores", async () => {
  const diff = await kubectl("diff", "--server-side", "-k", join(root, "crds"));
  expect(diff).toEqual({ code: 0, stdout: "", stderr: "" });
});

describe("examples", () => {
  test.each(yamlFiles(examples))("%s is accepted as it is, and a diff after it is empty", async (name) => {
    const file = join(examples, name);
    const applied = await kubectl("apply", "--server-side", "--validate=strict", "-f", file);
    expect(applied.stderr).toBe("");
    expect(await kubectl("diff", "--server-side", "-f", file)).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("what the API server refuses, by name and remedy", () => {
  test.each(yamlFiles(refused))("%s", async (name) => {
    const file = join(refused, name);
    const [says = ""] = readFileSync(file, "utf8").split("\n");
    const { code, stderr } = await kubectl("apply", "--server-side", "--validate=strict", "-f", file);
    expect(code).not.toBe(0);
    for (const part of says.replace("# says: ", "").split(" | ")) expect(stderr).toContain(part);
  });
});

test("a DPOJob changes in spec.suspend and in nothing else", async () => {
  await kubectl("apply", "--server-side", "-f", join(examples, "dpo-job-minimal.yaml"));
  const patch = (spec: object) =>
    kubectl("patch", "dpojob", "support-once", "--type=merge", "-p", JSON.stringify({ spec }));

  expect((await patch({ suspend: true })).code).toBe(0);
  const changed = await patch({ training: { epochs: 2 } });
  expect(changed.stderr).toContain("spec.training is immutable: create a new DPOJob to train differently");
  const added = await patch({ deadline: "1h" });
  expect(added.stderr).toContain("spec.deadline is immutable");
});

test("a PreferenceCanary has the scale subresource", async () => {
  await kubectl("apply", "--server-side", "-f", join(examples, "preference-canary.yaml"));
  const scaled = await kubectl("scale", "preferencecanary/assistant", "--replicas=5");
  expect(scaled.stderr).toBe("");
  const { stdout } = await kubectl("get", "preferencecanary", "assistant", "-o", "jsonpath={.spec.replicas}");
  expect(stdout).toBe("5");
});
