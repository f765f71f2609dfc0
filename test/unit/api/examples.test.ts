import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { crd } from "../../../hack/generate/crds.ts";
import type { StructuralSchema } from "../../../hack/generate/structural-schema.ts";
import { KINDS } from "../../../src/api/v1alpha1/kinds.ts";

const folder = join(import.meta.dirname, "../../../manifests/examples");
const examples = readdirSync(folder).map((name) => parse(readFileSync(join(folder, name), "utf8")));

type Schemas = Readonly<Record<string, StructuralSchema>>;

const WITHOUT = [
  // Kubernetes' own.
  /^serving\.template\./,
  // In the schema to be refused by name.
  /^serving\.inferenceService\.predictor\.(canaryTrafficPercent|name|workerSpec)$/,
  // As httpRoute's.
  /^traffic\.istio\.virtualService\.sticky\.header$/,
];

function fieldsIn(schema: StructuralSchema, path = ""): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Schemas);
  const own = properties.flatMap(([name, child]) => {
    const field = path === "" ? name : `${path}.${name}`;
    return [field, ...fieldsIn(child, field)];
  });
  return schema.items ? [...own, ...fieldsIn(schema.items as StructuralSchema, `${path}[]`)] : own;
}

function fieldsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const field = path === "" ? name : `${path}.${name}`;
    return [field, ...fieldsOf(child, field)];
  });
}

test("every field of a PreferenceCanary is in an example", () => {
  const kind = KINDS.find((each) => each.kind === "PreferenceCanary");
  const schema = kind && (crd(kind).spec.versions[0]?.schema.openAPIV3Schema.properties as Schemas);
  const canaries = examples.filter((each) => each.kind === "PreferenceCanary");
  const shown = new Set(canaries.flatMap((each) => fieldsOf(each.spec)));
  const hidden = fieldsIn(schema?.spec ?? {}).filter((field) => !shown.has(field));
  expect(hidden.filter((field) => !WITHOUT.some((pattern) => pattern.test(field)))).toEqual([]);
});
