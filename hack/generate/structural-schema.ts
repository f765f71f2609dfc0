import * as z from "zod";

/** A node of an OpenAPI v3 structural schema, as a CustomResourceDefinition takes it. */
export type StructuralSchema = { [key: string]: unknown };

/** The order in which a reader wants the keys; the others follow. */
const ORDER = ["description", "type", "format", "enum", "default"];
const DROPPED = new Set(["$schema", "additionalProperties", "propertyNames", "examples", "id"]);
/** Bounds that zod adds to every integer and that say nothing. */
const SAFE_INTEGER = Number.MAX_SAFE_INTEGER;

/**
 * A zod schema as a structural schema: what a user may write (`io: "input"`, so that defaulted fields are optional),
 * without what Kubernetes does not know. Unknown fields are pruned by the API server, but for those of loose objects, hence
 * no additionalProperties but on maps.
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(schema, { io: "input", reused: "inline", target: "openapi-3.0" }) as StructuralSchema);
}

function convert(node: StructuralSchema): StructuralSchema {
  const union = node.anyOf;
  if (Array.isArray(union)) return intOrString(node);
  const out: StructuralSchema = {};
  for (const [key, value] of Object.entries(node)) {
    if (DROPPED.has(key) || isNoBound(key, value)) continue;
    if (key === "properties") {
      const properties = Object.entries(value as Record<string, StructuralSchema>).map(([name, child]) => [
        name,
        convert(child),
      ]);
      if (properties.length > 0) out[key] = Object.fromEntries(properties);
    } else if (key === "items") out[key] = convert(value as StructuralSchema);
    else if (key === "required") {
      if ((value as string[]).length > 0) out[key] = value;
    } else out[key] = value;
  }
  const map = node.additionalProperties;
  if (isAnything(map)) out["x-kubernetes-preserve-unknown-fields"] = true;
  else if (typeof map === "object" && map !== null) out.additionalProperties = convert(map as StructuralSchema);
  return inOrder(out);
}

/** Of a loose object: what its schema does not know is kept. */
function isAnything(map: unknown): boolean {
  return typeof map === "object" && map !== null && Object.keys(map).length === 0;
}

function inOrder(node: StructuralSchema): StructuralSchema {
  const first = ORDER.filter((key) => key in node).map((key) => [key, node[key]]);
  const rest = Object.entries(node).filter(([key]) => !ORDER.includes(key));
  return Object.fromEntries([...first, ...rest]);
}

function isNoBound(key: string, value: unknown): boolean {
  return (key === "maximum" && value === SAFE_INTEGER) || (key === "minimum" && value === -SAFE_INTEGER);
}

/** The only union that a structural schema can express: a Kubernetes quantity, written as a number or a string. */
function intOrString(node: StructuralSchema): StructuralSchema {
  const types = (node.anyOf as StructuralSchema[]).map((member) => member.type);
  if (types.join() !== "integer,string")
    throw new Error(`A structural schema cannot express a union of ${types.join(" and ")}.`);
  return {
    description: node.description,
    anyOf: [{ type: "integer" }, { type: "string" }],
    "x-kubernetes-int-or-string": true,
  };
}
