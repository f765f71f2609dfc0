import { run } from "../lib/run.ts";
import { type Docker, docker } from "./docker.ts";
import { succeeds } from "./succeeds.ts";

export interface ImageSource {
  readonly tag: string;
  /** The folder that the Dockerfile copies from. */
  readonly context: string;
  readonly dockerfile: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A proxy may be the only way to the package registries; Docker knows these build arguments without an ARG line. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]);

/** Builds an image; the daemon's own cache makes it a matter of a second when nothing has changed. */
export async function buildImage(daemon: Docker, source: ImageSource): Promise<void> {
  const args = ["build", "--tag", source.tag, "--file", source.dockerfile];
  for (const [name, value] of Object.entries(source.labels ?? {})) args.push("--label", `${name}=${value}`);
  for (const name of PROXY_VARIABLES) if (process.env[name] !== undefined) args.push("--build-arg", name);
  // On the host's network, a proxy or name server on the host's loopback address works in a RUN step as well.
  if (daemon.own) args.push("--network", "host");
  await run("docker", [...args, source.context], { env: daemon.env });
}

/** What a label of a local image says: empty if the image lacks it, undefined if there is no such image. */
export async function labelOf(daemon: Docker, tag: string, label: string): Promise<string | undefined> {
  if (!(await succeeds("docker", ["image", "inspect", tag], { env: daemon.env }))) return undefined;
  const format = `{{with .Config.Labels}}{{index . "${label}"}}{{end}}`;
  return (await docker(daemon, "image", "inspect", "--format", format, tag)).trim();
}
