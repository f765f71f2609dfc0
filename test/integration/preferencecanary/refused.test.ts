import { beforeEach, describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../src/api/v1alpha1/metadata.ts";
import { ApiError } from "../../../src/kube/errors.ts";
import { deployments, httpRoutes, services } from "../../../src/kube/resource.ts";
import { createTransport } from "../../../src/kube/transport.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { WHOLE } from "../../../src/traffic/slots.ts";
import { CANARY, digest, modelUri, podTemplate } from "../../builders/canary.ts";
import { ADOPT, adoptedRoute } from "./adopted-stage.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const setStage = useCanaryStages();
let canary: CanaryStage;

beforeEach(async () => {
  canary = await setStage();
});

async function idle(spec?: Readonly<Record<string, unknown>>): Promise<void> {
  await canary.applyWorkload();
  await canary.createCanary(spec);
  await canary.start();
  await canary.until("idle", ({ status }) => status?.phase === "Idle");
}

const POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

/** A policy of the cluster against such writes in the canary's namespace, until it is called off: all, but where `unless` holds. */
async function forbid(
  apiGroup: string,
  resource: string,
  attempt: () => Promise<unknown>,
  unless = "false",
): Promise<() => Promise<void>> {
  const { namespace } = canary.stage;
  const transport = createTransport(canary.stage.installation.admin);
  const metadata = { name: `no-${resource}-${namespace}` };
  const rule = { apiGroups: [apiGroup], apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources: [resource] };
  const inNamespace = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
  const spec = {
    failurePolicy: "Fail",
    matchConstraints: { resourceRules: [rule], namespaceSelector: inNamespace },
    validations: [{ expression: unless, message: `a freeze of ${resource}` }],
  };
  const post = (path: string, body: object) => transport.send({ method: "POST", path, body });
  await post(POLICIES, { metadata, spec });
  await post(`${POLICIES.replace("policies", "policybindings")}`, {
    metadata,
    spec: { policyName: metadata.name, validationActions: ["Deny"] },
  });
  await expect.poll(() => attempt().catch((error: unknown) => error), { timeout: 20_000 }).toBeInstanceOf(ApiError);
  return async () => {
    await transport.send({ method: "DELETE", path: `${POLICIES}/${metadata.name}` });
    await transport.send({
      method: "DELETE",
      path: `${POLICIES.replace("policies", "policybindings")}/${metadata.name}`,
    });
    await transport.close();
  };
}

function message({ status }: { status?: { conditions?: readonly { message: string }[] } }): string {
  return status?.conditions?.[0]?.message ?? "";
}

function wholeOf(): string | undefined {
  const last = canary.routes.versions.at(-1);
  return last && readSlots(last, CANARY)?.find(({ weight }) => weight === WHOLE)?.revision;
}

describe("what the API server does not take is told in status, and done once it is let", () => {
  it("a candidate's Service", async () => {
    await idle();
    const { client, namespace } = canary.stage;
    const probe = { metadata: { generateName: "probe-", namespace }, spec: { ports: [{ port: 80 }] } };
    const allow = await forbid("", "services", () => client.create(services, probe as never));
    await canary.createJob("next", "b");
    const refused = await canary.until("refused", ({ status }) => status?.phase === "Stalled");
    expect(refused.status?.conditions?.[0]).toMatchObject({ type: "Ready", reason: "WriteRefused" });
    expect(message(refused)).toMatch(/a freeze of services.*goes on serving\. Candidate [0-9a-f]{10} is starting/);
    await allow();
    await canary.until("in its last step", ({ status }) => status?.step?.name === "half");
    expect(canary.faults()).toEqual([]);
  });

  it("the route of a rollback", async () => {
    await idle();
    const { client, namespace } = canary.stage;
    await canary.createJob("next", "b");
    const half = await canary.until("half way", ({ status }) => status?.weights?.desired === 50);
    const key = { name: CANARY, namespace };
    const touch = () =>
      client.patch(httpRoutes, key, {
        type: "merge",
        body: { metadata: { annotations: { probe: String(Math.random()) } } },
      });
    const allow = await forbid("gateway.networking.k8s.io", "httproutes", touch);
    await canary.compare(0, 60);
    const refused = await canary.until("refused", ({ status }) => status?.phase === "Stalled");
    expect(refused.status?.conditions?.[0]).toMatchObject({ type: "Ready", reason: "RouteRefused" });
    expect(message(refused)).toMatch(/^Candidate [0-9a-f]{10} .* still gets 50% of requests.*a freeze of httproutes/);
    await allow();
    const back = await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(back.status?.stable).toEqual(half.status?.stable);
    expect(wholeOf()).toBe(half.status?.stable?.revision);
    expect(canary.faults()).toEqual([]);
  });

  it("the route of a rollback, where that is Git's", async () => {
    const route = adoptedRoute(canary);
    await route.sync();
    await idle(ADOPT);
    await canary.createJob("next", "b");
    const half = await canary.until("half way", ({ status }) => status?.weights?.desired === 50);
    const touch = () =>
      canary.stage.client.patch(httpRoutes, route.key, {
        type: "merge",
        body: { metadata: { annotations: { probe: String(Math.random()) } } },
      });
    const allow = await forbid("gateway.networking.k8s.io", "httproutes", touch);
    // By this a route that has changed since is told from one that nobody may write.
    const body = [{ op: "test", path: "/metadata/uid", value: "another" }] as const;
    const unnamed = expect.not.objectContaining({ name: expect.anything() });
    const stale = canary.stage.client.patch(httpRoutes, route.key, { type: "json", body });
    await expect(stale).rejects.toMatchObject({ status: 422, details: unnamed });
    await canary.compare(0, 60);
    const refused = await canary.until("refused", ({ status }) => status?.phase === "Stalled");
    expect(refused.status?.conditions?.[0]).toMatchObject({ type: "Ready", reason: "RouteRefused" });
    expect(message(refused)).toMatch(/^Candidate [0-9a-f]{10} .* still gets 50% of requests.*a freeze of httproutes/);
    await allow();
    await canary.until("rolled back", ({ status }) => status?.phase === "RolledBack");
    expect(route.slots()?.find(({ weight }) => weight === WHOLE)?.revision).toBe(half.status?.stable?.revision);
    expect(route.faults()).toEqual([]);
  });

  it("the pods that a workload asks for in mid-run, whose candidate is taken back all the same", async () => {
    await idle();
    await canary.createJob("next", "b");
    const half = await canary.until("half way", ({ status }) => status?.weights?.desired === 50);
    await canary.createCanary({ serving: { template: { spec: { containers: [{ name: "server" }] } } } });
    const refused = await canary.until("refused", ({ status }) => status?.phase === "Stalled");
    expect(refused.status?.conditions?.[0]).toMatchObject({ type: "Ready", reason: "PodsRefused" });
    expect(message(refused)).toMatch(/containers\[0\]\.image: Required/);
    expect(refused.status?.lastRun).toMatchObject({
      revision: half.status?.candidate?.revision,
      outcome: "Superseded",
    });
    expect(wholeOf()).toBe(half.status?.stable?.revision);
    expect(canary.faults()).toEqual([]);
  });

  it("the pods of one of several models, while the others are compared", async () => {
    await idle();
    const { client, namespace } = canary.stage;
    const labels = { app: "probe" };
    const attempt = () =>
      client.apply(deployments, {
        metadata: { namespace, name: "probe", annotations: { [ANNOTATION.digest]: digest("b") } },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { ...podTemplate(), metadata: { labels } } },
      });
    const unless = `object.metadata.?annotations[?"${ANNOTATION.digest}"].orValue("") != "${digest("b")}"`;
    const allow = await forbid("apps", "deployments", attempt, unless);
    const model = (name: string, digit: string) => ({ name, uri: modelUri(digit), digest: digest(digit) });
    await canary.createCanary({ model: { candidates: [model("red", "b"), model("green", "c")] }, selection: {} });
    const compared = await canary.until("comparing one", ({ status }) =>
      (status?.contenders ?? []).some(({ name, share }) => name === "green" && share !== undefined),
    );
    const [red] = compared.status?.contenders ?? [];
    expect(red).toMatchObject({ name: "red", state: "Starting" });
    expect(red?.message).toMatch(
      /^since .* the API server does not take what it is made of: .*a freeze of deployments/,
    );
    expect(compared.status?.conditions?.[0]).toMatchObject({ type: "Ready", reason: "Selecting" });
    await canary.compare(1, 60, "green");
    const chosen = await canary.until("green is chosen", ({ status }) => status?.candidate !== undefined);
    expect(chosen.status?.candidate?.digest).toBe(digest("c"));
    await allow();
  });
});
