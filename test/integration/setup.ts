import type { TestProject } from "vitest/node";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The kubeconfig file of the control plane that all integration tests share, each in namespaces of its own. */
    kubeconfig: string;
  }
}

let controlPlane: ControlPlane | undefined;

export async function setup(project: TestProject): Promise<void> {
  // `tenant` has no rights but those that a test gives it.
  controlPlane = await startControlPlane([{ name: "tenant" }]);
  project.provide("kubeconfig", controlPlane.kubeconfig);
}

export async function teardown(): Promise<void> {
  await controlPlane?.stop();
}
