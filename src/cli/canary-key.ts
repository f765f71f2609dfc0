import { UsageError } from "./failure.ts";

/** `NAMESPACE/NAME`, or NAME with the namespace beside it. */
export function parseKey(
  text: string,
  namespace: string | undefined,
): { readonly name: string; readonly namespace?: string } {
  const [first = "", second, ...more] = text.split("/");
  if (more.length > 0 || first === "" || second === "") throw new UsageError(`"${text}" is not NAMESPACE/NAME`);
  if (second === undefined) return { name: first, ...(namespace !== undefined && { namespace }) };
  if (namespace !== undefined && namespace !== first)
    throw new UsageError(`-n ${namespace} and ${text} name two namespaces`);
  return { name: second, namespace: first };
}
