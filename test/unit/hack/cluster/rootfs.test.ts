import { expect, test } from "vitest";
import { hostAptOptions } from "../../../../hack/cluster/rootfs.ts";

test("takes from the machine's apt settings what it takes to reach the mirror", () => {
  const dump = [
    'APT::Architecture "amd64";',
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::https::Verify-Peer "true";',
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Languages "none";',
  ].join("\n");
  expect(hostAptOptions(dump)).toBe(
    'Acquire::http::Proxy "http://proxy.example:3128";\n' +
      'Acquire::https::Verify-Peer "true";\n' +
      'Acquire::Check-Valid-Until "false";\n',
  );
});
