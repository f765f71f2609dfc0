import { Registry } from "prom-client";
import { expect, it } from "vitest";
import type { PreferenceCanary } from "../../../../src/api/v1alpha1/preference-canary.ts";
import { exposeCanaries } from "../../../../src/controllers/preferencecanary/metrics.ts";
import { createStore } from "../../../../src/kube/store.ts";
import { canaryObject } from "../../../builders/canary.ts";

const gate = {
  name: "winRate",
  verdict: "Undecided",
  estimate: "67.1%",
  samples: 311,
  sum: "208.5",
  message: "",
} as const;

it("status is to be scraped as it is now, and what is gone is gone from there too", async () => {
  const registry = new Registry();
  const canaries = createStore<PreferenceCanary>();
  exposeCanaries(registry, canaries);
  const weights = { desired: 10, verified: 1 };
  const canary = { ...canaryObject(), status: { phase: "Progressing", weights, gates: [gate] } };
  canaries.put(canary);
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const of = `namespace="chat",canary="assistant"`;
  expect(await lines()).toEqual([
    `dpo_canary_phase{${of},phase="Progressing"} 1`,
    `dpo_canary_weight_ratio{${of}} 0.1`,
    `dpo_canary_verified_weight_ratio{${of}} 0.01`,
    `dpo_canary_gate_verdict{${of},gate="winRate",verdict="Undecided"} 1`,
    `dpo_canary_gate_samples{${of},gate="winRate"} 311`,
    `dpo_canary_gate_estimate_ratio{${of},gate="winRate"} 0.671`,
  ]);
  canaries.put({ ...canary, metadata: { ...canary.metadata, resourceVersion: "2" }, status: { phase: "Idle" } });
  expect(await lines()).toEqual([`dpo_canary_phase{${of},phase="Idle"} 1`]);
  canaries.remove({ ...canary, metadata: { ...canary.metadata, resourceVersion: "3" } });
  expect(await lines()).toEqual([]);
});
