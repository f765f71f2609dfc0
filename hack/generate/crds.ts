import { stringify } from "yaml";
import * as z from "zod";
import { KINDS, type Kind } from "../../src/api/v1alpha1/kinds.ts";
import { GROUP, VERSION } from "../../src/api/v1alpha1/object.ts";
import { type StructuralSchema, structuralSchema } from "./structural-schema.ts";

/** File name → content of every CustomResourceDefinition. */
export function crdFiles(): ReadonlyMap<string, string> {
  return new Map(KINDS.map((kind) => [`${GROUP}_${kind.plural}.yaml`, crdYaml(kind)]));
}

const SCALE = {
  labelSelectorPath: ".status.selector",
  specReplicasPath: ".spec.replicas",
  statusReplicasPath: ".status.replicas",
};

function crdYaml(kind: Kind): string {
  return `# Generated from src/api/v1alpha1 by npm run generate. Do not edit.\n${stringify(crd(kind), { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** The object exactly as the API server stores it, defaults spelt out, so that a diff after apply is empty. */
export function crd(kind: Kind) {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: {
      conversion: { strategy: "None" },
      group: GROUP,
      names: {
        categories: ["dpo"],
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        shortNames: kind.shortNames,
        singular: kind.singular,
      },
      scope: "Namespaced",
      versions: [
        {
          additionalPrinterColumns: kind.printerColumns,
          name: VERSION,
          schema: { openAPIV3Schema: objectSchema(kind) },
          served: true,
          storage: true,
          subresources: { ...(kind.scale && { scale: SCALE }), status: {} },
        },
      ],
    },
  };
}

/** apiVersion, kind and metadata are the API server's own; the schema says only that they are there. */
function objectSchema({ schema, maxNameLength }: Kind): StructuralSchema {
  const { spec, status } = schema.shape;
  if (spec === undefined || status === undefined) throw new Error("A kind has a spec and a status.");
  const described = structuralSchema(z.object({ spec: spec as z.ZodType, status: status as z.ZodType }));
  const { spec: specSchema, status: statusSchema } = described.properties as Record<string, StructuralSchema>;
  return {
    description: schema.description,
    properties: {
      apiVersion: { description: "Versioned schema of this representation of the object.", type: "string" },
      kind: { description: "REST resource that this object represents.", type: "string" },
      metadata: { type: "object" },
      spec: specSchema,
      status: statusSchema,
    },
    required: ["spec"],
    type: "object",
    "x-kubernetes-validations": [
      {
        rule: `self.metadata.name.size() <= ${maxNameLength}`,
        message: `metadata.name must have at most ${maxNameLength} characters, since the names of its children are made from it`,
      },
    ],
  };
}
