import { describe, expect, it } from "vitest";
import { JudgeConfig } from "../../../../src/api/contracts/judge.ts";
import { SamplerConfig } from "../../../../src/api/contracts/sampler.ts";
import { templateModel } from "../../../../src/controllers/preferencecanary/arms/model.ts";
import { revisionOf } from "../../../../src/controllers/preferencecanary/arms/revision.ts";
import { armDeployment, armService, revisionRecord } from "../../../../src/controllers/preferencecanary/desired.ts";
import {
  judgeDeployment,
  samplerDeployment,
  samplerService,
} from "../../../../src/controllers/preferencecanary/evidence/evidence-pods.ts";
import { canaryObject, canarySpec, digest, modelUri, podTemplate } from "../../../builders/canary.ts";

const settings = { operatorImage: "operator:1", collectorUrl: "http://collector:8080" };
const canary = canaryObject();
const model = { digest: digest("b"), uri: modelUri("b"), origin: { type: "Spec" } } as const;
const inputs = { model, template: podTemplate(), modelEnv: "MODEL_URI", port: 9000 };
const target = { ...inputs, revision: revisionOf(inputs) };

describe("a revision", () => {
  it("is ten hex digits", () => {
    expect(revisionOf(inputs)).toMatch(/^[0-9a-f]{10}$/);
  });

  it.each([
    ["another model", { ...inputs, model: { ...model, digest: digest("c") } }],
    ["another image", { ...inputs, template: podTemplate(modelUri("a"), "server:2") }],
    ["another variable", { ...inputs, modelEnv: "MODEL" }],
    ["another port", { ...inputs, port: 9001 }],
  ])("is another one with %s", (_, changed) => {
    expect(revisionOf(changed)).not.toBe(revisionOf(inputs));
  });

  it.each([
    ["the same model from elsewhere", { ...inputs, model: { ...model, uri: modelUri("b", "other") } }],
    [
      "what the API server adds to a template's metadata",
      {
        ...inputs,
        template: { ...inputs.template, metadata: { ...inputs.template.metadata, creationTimestamp: undefined } },
      },
    ],
  ])("is the same one with %s", (_, same) => {
    expect(revisionOf(same)).toBe(revisionOf(inputs));
  });
});

describe("the template's own model", () => {
  it.each([
    ["a volume's, which is fetched", modelUri("a"), { digest: digest("a"), uri: modelUri("a") }],
    ["one whose address ends in a digest", `s3://models/sha256/${"a".repeat(64)}`, { digest: digest("a") }],
    ["one of an OCI registry by digest", `oci://r/m@${digest("a")}`, { digest: digest("a") }],
    ["one that cannot be verified", "s3://models/latest", {}],
  ])("is %s", (_, value, expected) => {
    expect(templateModel(podTemplate(value), "MODEL_URI")).toEqual({ ...expected, origin: { type: "Template" } });
  });
});

describe("an arm", () => {
  const { metadata, spec } = armDeployment(canary, target, { role: "candidate", replicas: 3 }, settings);
  const pod = spec?.template.spec;

  it("fetches and verifies its model before it serves, from a claim that it only reads", () => {
    const hex = "b".repeat(64);
    expect(pod?.initContainers?.[0]).toMatchObject({
      name: "fetch",
      image: "operator:1",
      args: ["fetch", "--from", `/volumes/models/sha256/${hex}`, "--digest", `sha256:${hex}`, "--to", "/model"],
      volumeMounts: [{ mountPath: "/volumes/models", readOnly: true }, { mountPath: "/model" }],
    });
    expect(pod?.containers[0]?.env).toEqual([{ name: "MODEL_URI", value: "/model" }]);
    expect(pod?.containers[0]?.volumeMounts).toEqual([{ name: "dpo-model", mountPath: "/model", readOnly: true }]);
  });

  it("adds nothing to the user's pod that restricted pod security refuses", () => {
    expect(pod?.initContainers?.[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("has its role in the Deployment's metadata and in no selector or pod", () => {
    expect(metadata.labels).toMatchObject({ "dpo.dev/role": "candidate", "dpo.dev/revision": target.revision });
    expect(JSON.stringify(spec)).not.toContain("dpo.dev/role");
  });

  it("has no owner: it may outlive its canary", () => {
    for (const object of [
      armDeployment(canary, target, { role: "stable", replicas: 1 }, settings),
      armService(canary, target),
      revisionRecord(canary, { ...target, retried: false }),
    ])
      expect(object.metadata.ownerReferences).toBeUndefined();
  });

  it("leaves the pod as the user wrote it when no volume has its model", () => {
    const own = {
      ...target,
      model: templateModel(podTemplate("s3://models/latest"), "MODEL_URI"),
      template: podTemplate("s3://models/latest"),
    };
    const template = armDeployment(canary, own, { role: "stable", replicas: 1 }, settings).spec?.template;
    expect(template?.spec).toEqual(podTemplate("s3://models/latest").spec);
  });

  it("is reached at one port, whatever port its revision listens on", () => {
    expect(armService(canary, target).spec?.ports).toEqual([{ name: "http", port: 8080, targetPort: 9000 }]);
    expect(armService(canary, target).metadata.finalizers).toEqual(["dpo.dev/routed"]);
  });
});

describe("the sampler", () => {
  it("is told whom to ask in its pod template, in the words of its contract", () => {
    const deployment = samplerDeployment(canary, { stable: "aaaaaaaaaa", candidate: "bbbbbbbbbb" }, settings);
    const [env] = deployment.spec?.template.spec?.containers[0]?.env ?? [];
    expect(env?.name).toBe("DPO_SAMPLER");
    expect(SamplerConfig.parse(JSON.parse(env?.value ?? ""))).toMatchObject({
      namespace: "chat",
      canary: "assistant",
      dataset: "support",
      collector: { url: "http://collector:8080", tokenFile: "/var/run/secrets/dpo/collector/token" },
      stable: { revision: "aaaaaaaaaa", url: "http://assistant-aaaaaaaaaa:8080" },
      candidate: { revision: "bbbbbbbbbb" },
    });
  });

  it("is told what the spec says of its comparisons", () => {
    const redact = [{ name: "email", pattern: ".+@.+", replacement: "[email]" }];
    const cohorts = [
      { name: "fr", percent: 40 },
      { name: "internal", percent: 0 },
    ];
    const comparisons = { percent: 10, cohorts, answerTimeout: "1m30s", redact, dataset: { name: "support" } };
    const spec = canaryObject(canarySpec({ evidence: { comparisons } }));
    const [env] =
      samplerDeployment(spec, { stable: "aaaaaaaaaa" }, settings).spec?.template.spec?.containers[0]?.env ?? [];
    expect(SamplerConfig.parse(JSON.parse(env?.value ?? ""))).toMatchObject({
      timeoutSeconds: 90,
      redact,
      shares: { others: 0.25, cohorts: { fr: 1, internal: 0 } },
    });
  });

  it("has a token for the collector and for nothing else", () => {
    const pod = samplerDeployment(canary, { stable: "aaaaaaaaaa" }, settings).spec?.template.spec;
    expect(pod?.automountServiceAccountToken).toBe(false);
    expect(JSON.stringify(pod?.volumes)).toContain('"audience":"dpo-sampler"');
  });

  it("selects none of an arm's pods, and no arm selects it", () => {
    const arm =
      armDeployment(canary, target, { role: "stable", replicas: 1 }, settings).spec?.template.metadata?.labels ?? {};
    const selector = samplerService(canary).spec?.selector ?? {};
    expect(Object.entries(selector).every(([key, value]) => arm[key] === value)).toBe(false);
  });
});

describe("the judge", () => {
  const judge = { name: "strict", url: "https://llm.example.com/v1", model: "org/llama-3", instructions: "Be strict." };
  const secretRef = { name: "llm" };
  const pod = judgeDeployment(canary, { ...judge, secretRef }, settings).spec?.template.spec;

  it("is told what it judges and whom it asks, in the words of its contract", () => {
    const [config] = pod?.containers[0]?.env ?? [];
    expect(config?.name).toBe("DPO_JUDGE");
    expect(JudgeConfig.parse(JSON.parse(config?.value ?? ""))).toMatchObject({
      namespace: "chat",
      canary: "assistant",
      dataset: "support",
      labeler: "judge:strict:org/llama-3",
      server: { url: "https://llm.example.com/v1", model: "org/llama-3" },
      instructions: "Be strict.",
    });
  });

  it("gets its server's key from the Secret, from the one key that no canary can choose, or none", () => {
    expect(pod?.containers[0]?.env?.slice(1)).toEqual([
      { name: "DPO_JUDGE_API_KEY", valueFrom: { secretKeyRef: { name: "llm", key: "judgeApiKey" } } },
    ]);
    expect(judgeDeployment(canary, judge, settings).spec?.template.spec?.containers[0]?.env).toHaveLength(1);
  });

  it("is as restricted as the sampler, and neither's pods are the other's", () => {
    const sampler = samplerDeployment(canary, { stable: "aaaaaaaaaa" }, settings).spec;
    expect(pod?.automountServiceAccountToken).toBe(false);
    expect(pod?.securityContext).toEqual(sampler?.template.spec?.securityContext);
    expect(pod?.containers[0]?.securityContext).toEqual(sampler?.template.spec?.containers[0]?.securityContext);
    expect(sampler?.selector.matchLabels).not.toEqual(
      judgeDeployment(canary, judge, settings).spec?.selector.matchLabels,
    );
  });
});
