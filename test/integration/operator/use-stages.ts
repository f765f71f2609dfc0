import { beforeAll, inject, onTestFinished } from "vitest";
import { type Installation, install } from "./install.ts";
import { type Stage, setStage } from "./stage.ts";

/** Installs the operator's manifests before the tests of a file; each call of what it returns sets a stage for one test. */
export function useStages(): () => Promise<Stage> {
  let installation: Installation;
  beforeAll(async () => {
    installation = await install(inject("kubeconfig"));
  });
  return async () => {
    const stage = await setStage(installation);
    onTestFinished(() => stage.close());
    return stage;
  };
}
