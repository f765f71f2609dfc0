import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../../hack/cluster/cluster.ts";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { type Model, NAMES } from "../../hack/demo/objects.ts";
import { run } from "../../hack/lib/run.ts";
import { type Digest, digestSchema } from "../../src/artifacts/digest.ts";
import { modelManifestSchema, readManifest } from "../../src/artifacts/manifest.ts";
import { publish } from "../../src/artifacts/store.ts";
import { artifactPath, formatUri } from "../../src/artifacts/uri.ts";
import { verifyFiles } from "../../src/artifacts/verify.ts";
import { claimVolume, RESTRICTED_CONTAINER, RESTRICTED_POD } from "../../src/controllers/pod-parts.ts";

/** Stored models on this machine, in a folder that looks like a volume. */
export interface Shelf {
  readonly root: string;
  remove(): Promise<void>;
}

const POD = "volume";

export async function emptyShelf(): Promise<Shelf> {
  const root = await mkdtemp(join(tmpdir(), "dpo-shelf-"));
  return { root, remove: () => rm(root, { recursive: true }) };
}

/** Copies models from a namespace's claim onto the shelf. */
export async function take(
  cluster: Cluster,
  image: string,
  namespace: string,
  digests: readonly Digest[],
  { root }: Shelf,
): Promise<void> {
  await withVolume(cluster, image, namespace, async (shell) => {
    const paths = digests.map(artifactPath);
    const text = await shell(`tar --create --directory=/volumes/${NAMES.models} ${paths.join(" ")} | base64`);
    const archive = join(root, "taken.tar");
    await writeFile(archive, Buffer.from(text, "base64"));
    await run("tar", ["--extract", "--file", archive, "--directory", root]);
    await rm(archive);
  });
  for (const digest of digests)
    await verifyFiles(join(root, artifactPath(digest)), await readManifest(join(root, artifactPath(digest)), digest));
}

/** Copies all that is on the shelf onto a namespace's claim. */
export async function put(cluster: Cluster, image: string, namespace: string, { root }: Shelf): Promise<void> {
  const archive = `${root}.tar`;
  await run("tar", ["--create", "--file", archive, "--directory", root, "sha256"]);
  const text = (await readFile(archive)).toString("base64");
  await rm(archive);
  await withVolume(cluster, image, namespace, (shell) =>
    shell(`base64 --decode | tar --extract --directory=/volumes/${NAMES.models}`, text),
  );
}

/** The same weights under another digest: one byte of the metadata differs. */
export async function twinOf(digest: Digest, { root }: Shelf): Promise<Digest> {
  const folder = join(root, artifactPath(digest));
  const manifest = modelManifestSchema.parse(await readManifest(folder, digest));
  const twin = await publish(root, async (staging) => {
    for (const { path } of manifest.files) await writeFile(join(staging, path), await readFile(join(folder, path)));
    return { ...manifest, metadata: { ...manifest.metadata, twin: "1" } };
  });
  return twin.digest;
}

export function modelOf(digest: string): Model {
  return { digest, uri: formatUri({ claim: NAMES.models, digest: digestSchema.parse(digest) }) };
}

type Shell = (script: string, input?: string) => Promise<string>;

async function withVolume(
  cluster: Cluster,
  image: string,
  namespace: string,
  work: (shell: Shell) => Promise<unknown>,
): Promise<void> {
  const scope = ["--namespace", namespace];
  const input = JSON.stringify(volumePod(image));
  await kubectl(cluster, ["apply", "--server-side", ...scope, "-f", "-"], { input });
  try {
    await kubectl(cluster, ["wait", ...scope, `pod/${POD}`, "--for=condition=Ready", "--timeout=120s"]);
    await work((script, stdin) =>
      kubectl(
        cluster,
        ["exec", ...scope, "--stdin", POD, "--", "sh", "-c", script],
        stdin === undefined ? {} : { input: stdin },
      ),
    );
  } finally {
    await kubectl(cluster, ["delete", "pod", ...scope, POD, "--force", "--grace-period=0"]);
  }
}

function volumePod(image: string) {
  const { volume, mount } = claimVolume(NAMES.models, false);
  const container = { name: "shell", image, command: ["sleep", "infinity"], securityContext: RESTRICTED_CONTAINER };
  const spec = { ...RESTRICTED_POD, volumes: [volume], containers: [{ ...container, volumeMounts: [mount] }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: POD }, spec };
}
