import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { inClusterConfig } from "../../../src/kube/config.ts";
import { kubeconfigFile } from "../../../src/kube/kubeconfig.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";

function folder(files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), "kube-config-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

const environment = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };

describe("in a pod", () => {
  test("the token is read again after a minute, as the kubelet renews it in place", async () => {
    const clock = createFakeClock();
    const directory = folder({ token: "one\n", "ca.crt": "PEM", namespace: "dpo-system" });
    const config = await inClusterConfig(environment, clock, directory);
    expect(config).toMatchObject({ server: "https://[fd00::1]:443", namespace: "dpo-system" });
    expect(await config.headers()).toEqual({ authorization: "Bearer one" });
    writeFileSync(join(directory, "token"), "two");
    await clock.advance(59_000);
    expect(await config.headers()).toEqual({ authorization: "Bearer one" });
    await clock.advance(2000);
    expect(await config.headers()).toEqual({ authorization: "Bearer two" });
  });

  test("outside of one, it says what to do", async () => {
    await expect(inClusterConfig({}, createFakeClock())).rejects.toThrow("pass a kubeconfig file");
  });
});

describe("a kubeconfig", () => {
  const kubeconfig = (user: unknown) =>
    JSON.stringify({
      "current-context": "here",
      contexts: [{ name: "here", context: { cluster: "c", user: "u", namespace: "team" } }],
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:6443" } }],
      users: [{ name: "u", user }],
    });

  test.each([
    { how: "a token", user: { token: "secret" }, authorization: "Bearer secret" },
    { how: "a password", user: { username: "u", password: "p" }, authorization: "Basic dTpw" },
  ])("authenticates by $how", async ({ user, authorization }) => {
    const config = await kubeconfigFile(join(folder({ config: kubeconfig(user) }), "config"));
    expect(config).toMatchObject({ server: "https://127.0.0.1:6443", namespace: "team" });
    expect(await config.headers()).toEqual({ authorization });
  });

  test("whose context names no cluster is refused with the file's name", async () => {
    const path = join(folder({ config: kubeconfig({}) }), "config");
    await expect(kubeconfigFile(path, "elsewhere")).rejects.toThrow(`${path}: context "elsewhere" names no cluster`);
  });
});
