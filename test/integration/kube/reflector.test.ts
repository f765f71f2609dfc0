import { expect, inject, test } from "vitest";
import { configMaps } from "../../../src/kube/resource.ts";
import { connect, reflectConfigMaps } from "./connect.ts";

test("a cache follows what happens, and tells a deleted object from one of the same name made after it", async () => {
  const connection = await connect(inject("kubeconfig"));
  const { client, namespace } = connection;
  const reflector = await reflectConfigMaps(connection);
  const heard: string[] = [];
  reflector.subscribe(({ type, object: { metadata, data } }) => {
    if (metadata.name === "a") heard.push(`${type} ${data?.k}`);
  });
  const metadata = { namespace, name: "a" };
  await client.apply(configMaps, { metadata, data: { k: "1" } });
  await client.apply(configMaps, { metadata, data: { k: "2" } });
  await client.delete(configMaps, metadata);
  const last = await client.apply(configMaps, { metadata, data: { k: "3" } });
  await reflector.until((store) => store.get(metadata)?.metadata.uid === last.metadata.uid, AbortSignal.timeout(5000));
  expect(heard).toEqual(["Added 1", "Updated 2", "Deleted 2", "Added 3"]);
  expect(reflector.store.get(metadata)?.metadata).not.toHaveProperty("managedFields");
});
