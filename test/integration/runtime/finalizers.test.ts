import { expect, inject, test } from "vitest";
import { isConflict } from "../../../src/kube/errors.ts";
import { configMaps } from "../../../src/kube/resource.ts";
import { removeFinalizer } from "../../../src/runtime/finalizers.ts";
import { connect } from "../kube/connect.ts";

const FINALIZER = "dpo.dev/test";

async function held(name: string) {
  const { client, namespace } = await connect(inject("kubeconfig"));
  const object = await client.create(configMaps, { metadata: { namespace, name, finalizers: [FINALIZER] } });
  return { client, object };
}

test("a finalizer need not be taken off an object that a cache does not know to be gone", async () => {
  const { client, object } = await held("gone");
  await removeFinalizer(client, configMaps, object, FINALIZER);
  await client.delete(configMaps, object.metadata);
  expect(await client.get(configMaps, object.metadata)).toBeUndefined();
  await removeFinalizer(client, configMaps, object, FINALIZER);
});

test("is not taken off an object that has changed", async () => {
  const { client, object } = await held("changed");
  await client.patch(configMaps, object.metadata, { type: "merge", body: { data: { k: "1" } } });
  await expect(removeFinalizer(client, configMaps, object, FINALIZER)).rejects.toSatisfy(isConflict);
});
