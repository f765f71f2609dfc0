import { type Model, NAMES } from "../../hack/demo/objects.ts";
import { claimVolume } from "../../src/controllers/pod-parts.ts";
import { type Scene, workloadOf } from "./scene.ts";

/** Deployment and Service of what serves users before there is a canary. */
export const BEFORE = "before";

/** Pods of labels of their own, which read the model where it lies, behind a Service. */
export function serverBefore(scene: Scene, base: Model): object[] {
  const { spec, ...workload } = workloadOf(scene, base, BEFORE);
  const labels = { app: BEFORE };
  const { volume, mount } = claimVolume(NAMES.models, true);
  const env = [{ name: "MODEL_URI", value: base.uri.replace(`pvc://${NAMES.models}`, mount.mountPath) }];
  const containers = spec.template.spec.containers.map((each) => ({ ...each, env, volumeMounts: [mount] }));
  const template = { metadata: { labels }, spec: { ...spec.template.spec, containers, volumes: [volume] } };
  return [
    { ...workload, metadata: { name: BEFORE }, spec: { replicas: 1, selector: { matchLabels: labels }, template } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: BEFORE },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
}
