import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ArtifactError } from "../../../src/artifacts/artifact-error.ts";
import { describeFile } from "../../../src/artifacts/describe-file.ts";
import type { Digest } from "../../../src/artifacts/digest.ts";
import type { ModelManifest } from "../../../src/artifacts/manifest.ts";
import { type Published, publish } from "../../../src/artifacts/store.ts";
import { verify } from "../../../src/artifacts/verify.ts";
import trainerPackage from "../../package.json" with { type: "json" };
import { FORMAT, type Model, modelConfigSchema, parameterCount } from "./architecture.ts";

const configFile = "config.json";
const weightsFile = "weights.bin";

/** Reads a stored model after checking every byte against its digest. Throws ArtifactError. */
export async function loadModel(folder: string, digest: Digest): Promise<Model> {
  const manifest = await verify(folder, digest);
  if (manifest.kind !== "Model" || manifest.format !== FORMAT) {
    const found = manifest.kind === "Model" ? `a model of format ${manifest.format}` : "a snapshot";
    throw new ArtifactError(
      "InvalidManifest",
      `${folder} holds ${found}, this trainer reads models of format ${FORMAT}`,
    );
  }
  const config = await readConfig(join(folder, configFile));
  const bytes = await readFile(join(folder, weightsFile));
  const count = parameterCount(config);
  if (bytes.length !== 4 * count) {
    throw new ArtifactError(
      "InvalidManifest",
      `${join(folder, weightsFile)} has ${bytes.length} bytes, ${configFile} asks for ${count} numbers of 4 bytes`,
    );
  }
  // A copy of its own: the buffer may start at any byte of a pool, and training writes into it.
  return { config, weights: new Float32Array(Uint8Array.from(bytes).buffer) };
}

async function readConfig(file: string): Promise<Model["config"]> {
  try {
    return modelConfigSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ArtifactError("InvalidManifest", `${file} describes no model of this version: ${why}`, { cause });
  }
}

type Lineage = Omit<ModelManifest["lineage"], "trainer">;

/** Stores a model on the volume at `root`. The same weights and lineage give the same digest. */
export function publishModel(
  root: string,
  { config, weights }: Model,
  lineage: Lineage,
): Promise<Published<ModelManifest>> {
  return publish(root, async (folder) => {
    await writeFile(join(folder, configFile), JSON.stringify(config, undefined, 1));
    await writeFile(join(folder, weightsFile), new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
    const names = [configFile, weightsFile];
    return {
      kind: "Model",
      format: FORMAT,
      files: await Promise.all(names.map(async (path) => ({ path, ...(await describeFile(join(folder, path))) }))),
      lineage: { ...lineage, trainer: trainerPackage.version },
      metadata: {},
    };
  });
}
