import { readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { ArtifactError } from "./artifact-error.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Digest, digestOf, digestSchema, sha256HexSchema } from "./digest.ts";

export const manifestFile = "manifest.json";

/** A manifest comes from a volume that others write: its paths may not lead out of the folder. */
const filePathSchema = z
  .string()
  .min(1)
  .refine((file) => !path.posix.isAbsolute(file) && path.posix.normalize(file) === file && !file.startsWith(".."), {
    error: "must be a plain path inside the artifact's folder",
  });

/** What a model came from: enough to walk back from what is served to the preferences that trained it. */
const lineageSchema = z.object({
  base: digestSchema.nullable(),
  dataset: digestSchema.nullable(),
  /** `namespace/name` of the DPOJob */
  job: z.string().nullable(),
  settings: z.record(z.string(), z.json()),
  /** version of the trainer */
  trainer: z.string(),
});

export const modelManifestSchema = z.object({
  kind: z.literal("Model"),
  format: z.string(),
  files: z.array(z.object({ path: filePathSchema, sha256: sha256HexSchema, size: z.int().min(0) })).min(1),
  lineage: lineageSchema,
  metadata: z.record(z.string(), z.string()),
});

export type ModelManifest = z.infer<typeof modelManifestSchema>;

/** `digest` is that of the sorted row ids (see snapshot-row.ts), so it does not depend on how a file was written. */
const splitSchema = z.object({ rows: z.int().min(0), digest: digestSchema });

export const snapshotManifestSchema = z.object({
  kind: z.literal("Snapshot"),
  settings: z.object({
    split: z.object({
      by: z.literal("Prompt"),
      salt: z.string(),
      validation: z.number().min(0).max(1),
      heldOut: z.number().min(0).max(1),
    }),
    deduplication: z.literal("Exact"),
    adjudication: z.literal("Majority"),
  }),
  splits: z.object({ train: splitSchema, validation: splitSchema, heldOut: splitSchema }),
  files: z.array(z.object({ path: filePathSchema, rows: z.int().min(0) })),
});

export type SnapshotManifest = z.infer<typeof snapshotManifestSchema>;

export const manifestSchema = z.discriminatedUnion("kind", [modelManifestSchema, snapshotManifestSchema]);

export type Manifest = z.infer<typeof manifestSchema>;

/** The bytes of manifest.json; their sha256 is the digest of the whole. */
export function encodeManifest(manifest: Manifest): { bytes: Buffer; digest: Digest } {
  const bytes = Buffer.from(canonicalJson(manifest), "utf8");
  return { bytes, digest: digestOf(bytes) };
}

/** Reads a folder's manifest and checks it against the digest that names it. Throws ArtifactError. */
export async function readManifest(folder: string, digest: Digest): Promise<Manifest> {
  const file = path.join(folder, manifestFile);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new ArtifactError("NotFound", `${file} cannot be read: is the volume mounted and the digest right?`, {
      cause,
    });
  });
  const actual = digestOf(bytes);
  if (actual !== digest) {
    throw new ArtifactError("DigestMismatch", `${file} has digest ${actual}, expected ${digest}: publish it anew`);
  }
  return parseManifest(bytes, file);
}

function parseManifest(bytes: Buffer, file: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ArtifactError("InvalidManifest", `${file} is no manifest of this version: ${why}`, { cause });
  }
}
