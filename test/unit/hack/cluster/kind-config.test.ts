import { expect, test } from "vitest";
import { parse } from "yaml";
import { kindConfig } from "../../../../hack/cluster/kind.ts";

test("publishes the Gateway's port on the loopback interface only", () => {
  const { nodes } = parse(kindConfig(false)) as { nodes: { extraPortMappings: object[] }[] };
  expect(nodes.flatMap((node) => node.extraPortMappings)).toEqual([
    { containerPort: 8080, hostPort: 0, listenAddress: "127.0.0.1" },
  ]);
});

test("an image made here brings its own network, a pulled one has kindnet", () => {
  expect(parse(kindConfig(true)).networking).toMatchObject({ disableDefaultCNI: true, kubeProxyMode: "nftables" });
  expect(parse(kindConfig(false)).networking).not.toHaveProperty("disableDefaultCNI");
});
