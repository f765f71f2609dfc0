import { beforeAll, inject, onTestFinished } from "vitest";
import { type Installation, install } from "../operator/install.ts";
import { type CanaryStage, type StageOptions, setCanaryStage } from "./canary-stage.ts";
import { installHTTPRoutes } from "./gateway-api.ts";

/** Installs the operator's manifests and HTTPRoute before the tests of a file; each call of what it returns sets a stage for one test. */
export function useCanaryStages(): (options?: StageOptions) => Promise<CanaryStage> {
  let installation: Installation;
  beforeAll(async () => {
    installation = await install(inject("kubeconfig"));
    await installHTTPRoutes(installation.admin);
  });
  return async (options) => {
    const canary = await setCanaryStage(installation, options);
    onTestFinished(() => canary.close());
    return canary;
  };
}
