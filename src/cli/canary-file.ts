import { parseAllDocuments } from "yaml";
import * as z from "zod";
import { API_VERSION } from "../api/v1alpha1/object.ts";
import { PreferenceCanary } from "../api/v1alpha1/preference-canary.ts";
import { describeIssues, Failure, fieldPath } from "./failure.ts";

const KIND = "PreferenceCanary";

/** A file from Git has no identity yet; what the API server would give is filled in. */
const UNSTORED = { namespace: "default", uid: "", resourceVersion: "", creationTimestamp: "1970-01-01T00:00:00Z" };

const Header = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
type Header = z.infer<typeof Header>;

/**
 * The PreferenceCanary of a YAML or JSON text, defaults applied; of several the one with this name. A List, as of
 * `kubectl get`, is opened. Throws a Failure that says what is wrong by field path.
 */
export function parseCanary(file: string, text: string, wanted?: string): PreferenceCanary {
  const objects = documents(file, text).flatMap((document) => headersOf(document));
  const canaries = objects.filter(({ kind }) => kind === KIND);
  const named = canaries.filter(({ metadata }) => wanted === undefined || metadata.name === wanted);
  const [canary, other] = named;
  if (canary === undefined) throw new Failure(`${file} holds no ${KIND}${which(wanted)}, but ${listed(objects)}`);
  if (other !== undefined) throw new Failure(`${file} holds several: name one of ${listed(named)}`);
  return parseObject(file, canary);
}

function parseObject(file: string, { apiVersion, metadata, ...rest }: Header): PreferenceCanary {
  const where = `${file}: ${KIND} ${metadata.name}`;
  if (apiVersion !== API_VERSION)
    throw new Failure(`${where}: apiVersion is ${apiVersion}, and should be ${API_VERSION}`);
  const object = { apiVersion, metadata: { ...UNSTORED, ...metadata }, ...rest };
  const parsed = PreferenceCanary.safeParse(object);
  if (!parsed.success) throw new Failure(`${where}: ${describeIssues(parsed.error)}`);
  const [unknown] = unknownFields(rest.spec, parsed.data.spec, ["spec"]);
  if (unknown !== undefined) throw new Failure(`${where}: there is no field ${fieldPath(unknown)}: is it spelt right?`);
  return parsed.data;
}

function documents(file: string, text: string): unknown[] {
  return parseAllDocuments(text, { prettyErrors: true }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw new Failure(`${file}: line ${error.linePos?.[0].line}: ${error.message.split("\n")[0]}`);
    return document.toJS();
  });
}

/** The Kubernetes objects in it; whatever else is in the file is none of ours. */
function headersOf(value: unknown): Header[] {
  const list = z.object({ kind: z.literal("List"), items: z.array(z.unknown()) }).safeParse(value);
  if (list.success) return list.data.items.flatMap(headersOf);
  const header = Header.safeParse(value);
  return header.success ? [header.data] : [];
}

function which(wanted: string | undefined): string {
  return wanted === undefined ? "" : ` ${wanted}`;
}

function listed(objects: readonly Header[]): string {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", ") || "no Kubernetes object at all";
}

/** Where the text says what the schema dropped, as the API server would refuse. */
function unknownFields(given: unknown, kept: unknown, path: readonly PropertyKey[]): PropertyKey[][] {
  if (Array.isArray(given) && Array.isArray(kept))
    return given.flatMap((item, index) => unknownFields(item, kept[index], [...path, index]));
  if (typeof given !== "object" || given === null || typeof kept !== "object" || kept === null) return [];
  return Object.entries(given).flatMap(([key, value]) =>
    key in kept ? unknownFields(value, Reflect.get(kept, key), [...path, key]) : [[...path, key]],
  );
}
