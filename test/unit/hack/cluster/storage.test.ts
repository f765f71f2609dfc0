import { expect, test } from "vitest";
import { parseStorage } from "../../../../hack/cluster/storage.ts";

const SOURCE = `
const storageProvisionerImage = "docker.io/kindest/provisioner:v1"
const storageHelperImage = "docker.io/kindest/helper:v2"

const defaultStorageManifest = \`
kind: Deployment
image: \` + storageProvisionerImage + \`
args: [\` + storageHelperImage + \`]
other: \` + storageHelperImage + \`
\`
`;

test("reads kind's manifest with the names of its images filled in", () => {
  expect(parseStorage(SOURCE, "const_storage.go")).toEqual({
    manifest: `
kind: Deployment
image: docker.io/kindest/provisioner:v1
args: [docker.io/kindest/helper:v2]
other: docker.io/kindest/helper:v2
`,
    provisionerImage: "docker.io/kindest/provisioner:v1",
    helperImage: "docker.io/kindest/helper:v2",
  });
});

test("names the file that a newer kind has changed", () => {
  expect(() => parseStorage("package nodeimage", "const_storage.go")).toThrow(/const_storage\.go .* adapt storage\.ts/);
});
