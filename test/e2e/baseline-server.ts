import { assistantTemplate, type Model, NAMES } from "../../hack/demo/objects.ts";
import { claimMountPath } from "../../src/artifacts/uri.ts";
import type { Scene } from "./scene.ts";

/** What a canary says to have its candidates compared with it. */
export const BASELINE = { service: "rival", port: 80 } as const;

/** A server of this model that no route leads to, and that no canary has made. */
export function baselineServer({ images }: Scene, model: Model): object[] {
  const { apiVersion, kind, spec } = assistantTemplate(images.trainer, model);
  const labels = { app: BASELINE.service };
  const volumes = [{ name: "models", persistentVolumeClaim: { claimName: NAMES.models } }];
  const volumeMounts = [{ name: "models", mountPath: claimMountPath(NAMES.models), readOnly: true }];
  const containers = spec.template.spec.containers.map((container) => ({ ...container, volumeMounts }));
  const template = { metadata: { labels }, spec: { ...spec.template.spec, containers, volumes } };
  const metadata = { name: BASELINE.service };
  return [
    { apiVersion, kind, metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: [{ port: BASELINE.port, targetPort: 8080 }] },
    },
  ];
}
