import { expect, it } from "vitest";
import type { ManagedFields, Stored } from "../../../src/kube/object.ts";
import { foreignWriter } from "../../../src/traffic/foreign-writer.ts";

const spec = { "f:spec": { "f:rules": {} } };
const ours: ManagedFields = { manager: "dpo-preferencecanary", time: "2026-01-09T00:00:00Z", fieldsV1: spec };

function writerOf(managedFields: readonly ManagedFields[] | undefined) {
  const metadata = { name: "r", uid: "u", resourceVersion: "1", creationTimestamp: "", managedFields };
  return foreignWriter({ apiVersion: "v1", kind: "HTTPRoute", metadata } as Stored);
}

it("is who wrote the spec last, and neither the operator, nor who writes status, nor who only wrote a label", () => {
  const early = { manager: "argocd", time: "2026-01-01T00:00:00Z", fieldsV1: spec };
  const late = { manager: "kubectl-edit", time: "2026-01-02T00:00:00Z", fieldsV1: spec };
  const gateway = { manager: "envoy", subresource: "status", time: "2026-01-08T00:00:00Z", fieldsV1: spec };
  const labeller = { manager: "labels", time: "2026-01-08T00:00:00Z", fieldsV1: { "f:metadata": {} } };
  expect(writerOf([late, early, ours, gateway, labeller])).toEqual({ manager: "kubectl-edit", time: late.time });
});

it("is nobody where the API server keeps no name", () => {
  expect(writerOf([ours])).toBeUndefined();
  expect(writerOf(undefined)).toBeUndefined();
});
