import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ensureBinaries } from "../../hack/tools/binaries.ts";
import { versions } from "../../hack/tools/versions.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { type Answer, request } from "./request.ts";
import { serviceAccountToken } from "./service-account.ts";

const execute = promisify(execFile);

describe("the shared control plane", () => {
  test("answers kubectl with the pinned version", async () => {
    const { kubectl } = await ensureBinaries(["kubectl"]);
    const { stdout } = await execute(kubectl, ["version", "-o", "json", "--kubeconfig", inject("kubeconfig")]);
    expect(JSON.parse(stdout)).toMatchObject({ serverVersion: { gitVersion: versions.kubernetes, minor: "36" } });
  });
});

describe("a control plane of one's own", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane([{ name: "reader", groups: ["readers"] }]);
  });
  afterAll(() => plane.stop());

  function as(token: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return request({ url: plane.url, ca: plane.ca, token }, method, path, body);
  }

  test("gives a user only what RBAC grants to a group of theirs", async () => {
    const pods = "/api/v1/namespaces/default/pods";
    expect(await as(plane.token("reader"), "GET", pods)).toMatchObject({ status: 403 });
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const role = { metadata: { name: "readers" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }] };
    expect(await as(plane.adminToken, "POST", `${rbac}/clusterroles`, role)).toMatchObject({ status: 201 });
    const binding = {
      metadata: { name: "readers" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "readers" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "readers" }],
    };
    expect(await as(plane.adminToken, "POST", `${rbac}/clusterrolebindings`, binding)).toMatchObject({ status: 201 });
    await expect.poll(async () => (await as(plane.token("reader"), "GET", pods)).status).toBe(200);
  });

  test("knows a ServiceAccount by its token", async () => {
    const admin = { url: plane.url, ca: plane.ca, token: plane.adminToken };
    const token = await serviceAccountToken(admin, "default", "robot");
    const { body } = await as(token, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
    });
    expect(JSON.parse(body).status.userInfo.username).toBe("system:serviceaccount:default:robot");
  });

  test("keeps its objects when the API server is killed", async () => {
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kept" } };
    await as(plane.adminToken, "POST", "/api/v1/namespaces/default/configmaps", configMap);
    await plane.killApiServer();
    await expect(as(plane.adminToken, "GET", "/readyz")).rejects.toThrow("ECONNREFUSED");
    await plane.startApiServer();
    const path = "/api/v1/namespaces/default/configmaps/kept";
    expect(await as(plane.adminToken, "GET", path)).toMatchObject({ status: 200 });
  });
});
