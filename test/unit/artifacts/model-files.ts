import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describeFile } from "../../../src/artifacts/describe-file.ts";
import type { ModelManifest } from "../../../src/artifacts/manifest.ts";

/** Writes two files, one of them in a folder, and returns the manifest that describes them. */
export async function buildModel(folder: string, weights = "weights"): Promise<ModelManifest> {
  const contents = { "config.json": "{}", "parts/weights.bin": weights };
  await mkdir(path.join(folder, "parts"));
  const files = [];
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(path.join(folder, name), content);
    files.push({ path: name, ...(await describeFile(path.join(folder, name))) });
  }
  const lineage = { base: null, dataset: null, job: "team/first", settings: { beta: 0.1 }, trainer: "0.1.0" };
  return { kind: "Model", format: "byte-transformer/v1", files, lineage, metadata: {} };
}
