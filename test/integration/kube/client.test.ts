import { describe, expect, inject, test } from "vitest";
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from "../../../src/kube/errors.ts";
import { configMaps, deployments, pods } from "../../../src/kube/resource.ts";
import { connect } from "./connect.ts";

const template = {
  metadata: { labels: { app: "a" } },
  spec: { containers: [{ name: "a", image: "a", args: ["x"] }] },
};
const spec = { selector: { matchLabels: { app: "a" } }, template } as const;

describe("the client", () => {
  test("gets undefined for what is not there, and says what it was", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    expect(await client.get(configMaps, { namespace, name: "none" })).toBeUndefined();
    await expect(client.patch(configMaps, { namespace, name: "none" }, { type: "merge", body: {} })).rejects.toSatisfy(
      isNotFound,
    );
    await expect(
      client.create(pods, { metadata: { namespace, name: "bad" }, spec: { containers: [] } }),
    ).rejects.toThrow(/spec.containers: Required value/);
  });

  test("an apply that changes nothing makes no new version", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    const deployment = { metadata: { namespace, name: "a" }, spec };
    const first = await client.apply(deployments, deployment);
    const second = await client.apply(deployments, deployment);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const status = { metadata: deployment.metadata, status: { replicas: 1, observedGeneration: 1 } };
    const third = await client.applyStatus(deployments, status);
    const fourth = await client.applyStatus(deployments, status);
    expect(third.status?.replicas).toBe(1);
    expect(fourth.metadata.resourceVersion).toBe(third.metadata.resourceVersion);
  });

  test("an apply takes every text, whatever YAML thinks of its characters", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    const text = 'half a smile \ud83d, \\ud83d, \x7f\x85\x9f\ufeff\ufffe\uffff and "a whole 😀"';
    const applied = await client.apply(configMaps, { metadata: { namespace, name: "words" }, data: { text } });
    expect(applied.data?.text).toBe(text.toWellFormed());
  });

  test("an apply with a uid never brings a deleted object back", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    const metadata = { namespace, name: "a" };
    const { uid } = (await client.apply(configMaps, { metadata, data: { k: "1" } })).metadata;
    expect(await client.delete(configMaps, metadata)).toBe(true);
    await expect(client.apply(configMaps, { metadata: { ...metadata, uid }, data: { k: "2" } })).rejects.toSatisfy(
      isConflict,
    );
    expect(await client.get(configMaps, metadata)).toBeUndefined();
  });

  test("an apply with a resourceVersion is refused when the object has changed", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    const metadata = { namespace, name: "a" };
    const { resourceVersion } = (await client.apply(configMaps, { metadata, data: { k: "1" } })).metadata;
    await client.apply(configMaps, { metadata, data: { k: "2" } });
    await expect(
      client.apply(configMaps, { metadata: { ...metadata, resourceVersion }, data: { k: "3" } }),
    ).rejects.toSatisfy(isConflict);
  });

  test("deletes only what the precondition names, once", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    const key = { namespace, name: "a" };
    const { uid } = (await client.create(configMaps, { metadata: key })).metadata;
    await expect(client.create(configMaps, { metadata: key })).rejects.toSatisfy(isAlreadyExists);
    await expect(client.delete(configMaps, key, { preconditions: { uid: "another" } })).rejects.toSatisfy(isConflict);
    expect(await client.delete(configMaps, key, { preconditions: { uid } })).toBe(true);
    expect(await client.delete(configMaps, key)).toBe(false);
  });

  test("a JSON patch does nothing when its test fails", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    const key = { namespace, name: "a" };
    await client.create(configMaps, { metadata: key, data: { weight: "1" } });
    const set = (from: string, to: string) =>
      client.patch(configMaps, key, {
        type: "json",
        body: [
          { op: "test", path: "/data/weight", value: from },
          { op: "replace", path: "/data/weight", value: to },
        ],
      });
    expect((await set("1", "2")).data).toEqual({ weight: "2" });
    await expect(set("1", "3")).rejects.toSatisfy(isInvalid);
  });

  test("lists every page, with kind and apiVersion, of those that are labelled so", async () => {
    const { client, namespace } = await connect(inject("kubeconfig"));
    const metadata = (i: number) => ({ namespace, name: `c${i}`, labels: { half: String(i % 2) } });
    for (let start = 0; start < 520; start += 52) {
      await Promise.all(
        Array.from({ length: 52 }, (_, i) => client.create(configMaps, { metadata: metadata(start + i) })),
      );
    }
    const { items } = await client.list(configMaps, { namespace });
    expect(items.filter(({ metadata }) => metadata.name.startsWith("c"))).toHaveLength(520);
    expect(items[0]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    expect((await client.list(configMaps, { namespace, labels: { half: "1" } })).items).toHaveLength(260);
  });

  test("says whose a token is, for which audience", async () => {
    const { client, transport, namespace } = await connect(inject("kubeconfig"));
    const serviceAccounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await transport.send({ method: "POST", path: serviceAccounts, body: { metadata: { name: "robot" } } });
    const { body } = await transport.send({
      method: "POST",
      path: `${serviceAccounts}/robot/token`,
      body: { spec: { audiences: ["dpo-collector"], expirationSeconds: 600 } },
    });
    const { token } = (body as { status: { token: string } }).status;
    expect(await client.reviewToken(token, ["dpo-collector"])).toMatchObject({
      authenticated: true,
      audiences: ["dpo-collector"],
      user: { username: `system:serviceaccount:${namespace}:robot` },
    });
    expect((await client.reviewToken(token, ["another"])).authenticated).not.toBe(true);
  });
});
