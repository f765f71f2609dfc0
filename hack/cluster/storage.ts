import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ensureBinaries } from "../tools/binaries.ts";
import { place, type Recipe, staticBinary } from "./made-image.ts";
import { kindSource } from "./node-files.ts";

/** kind's default StorageClass: its manifest, and the two images that this names. */
export interface Storage {
  readonly manifest: string;
  readonly provisionerImage: string;
  readonly helperImage: string;
}

/** kind keeps the manifest as Go strings; read from there, names and versions are always those of the kind that is used. */
export async function readStorage(): Promise<Storage> {
  const file = join(await kindSource(), "pkg/build/nodeimage/const_storage.go");
  return parseStorage(readFileSync(file, "utf8"), file);
}

export function parseStorage(source: string, file: string): Storage {
  const find = (pattern: RegExp): string => {
    const found = pattern.exec(source)?.[1];
    if (found === undefined)
      throw new Error(`${file} has nothing that matches ${pattern}: adapt storage.ts to this kind`);
    return found;
  };
  const provisionerImage = find(/const storageProvisionerImage = "(.*)"/);
  const helperImage = find(/const storageHelperImage = "(.*)"/);
  const manifest = find(/const defaultStorageManifest = `([\s\S]*)`/)
    .replaceAll("` + storageProvisionerImage + `", provisionerImage)
    .replaceAll("` + storageHelperImage + `", helperImage);
  return { manifest, provisionerImage, helperImage };
}

/** `busybox` is a static one, of which the helper pod needs sh, mkdir and rm. */
export async function storageRecipes(storage: Storage, busybox: string): Promise<Recipe[]> {
  const provisioner = (await ensureBinaries(["local-path-provisioner"]))["local-path-provisioner"];
  const helper: Recipe = {
    tag: storage.helperImage,
    inputs: ["busybox-static"],
    dockerfile: "FROM scratch\nCOPY . /\nENV PATH=/bin\n",
    fill: (context) => {
      mkdirSync(join(context, "bin"));
      place(busybox, join(context, "bin/busybox"));
      for (const name of ["sh", "mkdir", "rm"]) symlinkSync("busybox", join(context, "bin", name));
    },
  };
  return [staticBinary(storage.provisionerImage, provisioner, "usr/local/bin/local-path-provisioner"), helper];
}
