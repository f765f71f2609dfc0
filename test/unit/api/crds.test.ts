import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { crd, crdFiles } from "../../../hack/generate/crds.ts";
import type { StructuralSchema } from "../../../hack/generate/structural-schema.ts";
import { KINDS } from "../../../src/api/v1alpha1/kinds.ts";

const root = join(import.meta.dirname, "../../..");

test.each([...crdFiles()])("%s is what the schemas generate", async (name, content) => {
  expect(await readFile(join(root, "crds", name), "utf8"), "run npm run generate").toBe(content);
});

interface Node {
  readonly path: string;
  readonly node: StructuralSchema;
}

function* nodes(path: string, node: StructuralSchema): Generator<Node> {
  yield { path, node };
  const properties = (node.properties ?? {}) as Record<string, StructuralSchema>;
  for (const [name, child] of Object.entries(properties)) yield* nodes(`${path}.${name}`, child);
  for (const key of ["items", "additionalProperties"]) {
    const child = node[key];
    if (typeof child === "object" && child !== null) yield* nodes(`${path}[]`, child as StructuralSchema);
  }
}

/** Conventions of the Kubernetes API that no type checker knows. */
describe.each(KINDS)("$kind keeps the API conventions", (kind) => {
  const version = crd(kind).spec.versions[0];
  const all = [...nodes("", version?.schema.openAPIV3Schema as StructuralSchema)];
  const breaks = (rule: (node: Node) => boolean) => all.filter(rule).map(({ path }) => path);

  test("no field is a float", () => {
    expect(breaks(({ node }) => node.type === "number")).toEqual([]);
  });
  test("every field is described", () => {
    const own = ({ path }: Node) => path !== "" && path !== ".metadata" && !path.endsWith("[]");
    expect(breaks((n) => own(n) && !n.node.description)).toEqual([]);
  });
  test("every list says how it is merged and is bounded", () => {
    expect(breaks(({ node }) => node.type === "array" && !(node["x-kubernetes-list-type"] && node.maxItems))).toEqual(
      [],
    );
  });
  test("every string is bounded", () => {
    const bounded = (node: StructuralSchema) => node.maxLength ?? node.enum ?? node.format;
    const own = ({ path }: Node) => ![".apiVersion", ".kind"].includes(path);
    expect(breaks((n) => own(n) && n.node.type === "string" && !bounded(n.node))).toEqual([]);
  });
  test("every integer has a minimum and a format", () => {
    expect(breaks(({ node }) => node.type === "integer" && (node.minimum === undefined || !node.format))).toEqual([]);
  });
  test("short names have at most five letters, and the category is our own", () => {
    expect(kind.shortNames.every((name) => name.length <= 5)).toBe(true);
    expect(crd(kind).spec.names.categories).toEqual(["dpo"]);
  });
});
