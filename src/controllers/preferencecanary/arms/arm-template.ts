import { artifactPath } from "../../../artifacts/uri.ts";
import type { Container, PodTemplate } from "../../../kube/built-in.ts";
import { claimVolume, RESTRICTED_CONTAINER } from "../../pod-parts.ts";
import { claimOf, servingContainer } from "./model.ts";
import type { PodInputs } from "./revision.ts";

const MODEL_PATH = "/model";
const MODEL_VOLUME = "dpo-model";

type Labels = Readonly<Record<string, string>>;

/**
 * The pod of an arm: the user's, with an init container that brings the model and checks its digest before anything
 * serves. A model that no volume holds is left to the serving container, as its template says.
 */
export function armTemplate(inputs: PodInputs, labels: Labels, operatorImage: string): PodTemplate {
  const { template, model } = inputs;
  const metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } };
  const { spec } = template;
  if (spec === undefined || model.uri === undefined || model.digest === undefined) return { ...template, metadata };
  const serving = servingContainer(template, inputs.modelEnv);
  const claim = claimVolume(claimOf(model.uri), true);
  const mount = { name: MODEL_VOLUME, mountPath: MODEL_PATH };
  const fetch: Container = {
    name: "fetch",
    image: operatorImage,
    args: [
      "fetch",
      "--from",
      `${claim.mount.mountPath}/${artifactPath(model.digest)}`,
      "--digest",
      model.digest,
      "--to",
      MODEL_PATH,
    ],
    // The user's pod may say nothing about security; what the operator adds is restricted whatever it says.
    securityContext: { ...RESTRICTED_CONTAINER, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    volumeMounts: [claim.mount, mount],
  };
  return {
    metadata,
    spec: {
      ...spec,
      initContainers: [fetch, ...(spec.initContainers ?? [])],
      containers: spec.containers.map((container) =>
        container === serving ? withModel(container, inputs.modelEnv) : container,
      ),
      volumes: [...(spec.volumes ?? []), claim.volume, { name: MODEL_VOLUME, emptyDir: {} }],
    },
  };
}

/** The container with the model mounted, and told where it is. */
function withModel(container: Container, modelEnv: string): Container {
  const others = container.env?.filter(({ name }) => name !== modelEnv) ?? [];
  return {
    ...container,
    env: [...others, { name: modelEnv, value: MODEL_PATH }],
    volumeMounts: [...(container.volumeMounts ?? []), { name: MODEL_VOLUME, mountPath: MODEL_PATH, readOnly: true }],
  };
}
