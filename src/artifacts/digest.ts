import { hash } from "node:crypto";
import * as z from "zod";

/** `sha256:<64 hex digits>`: the name of everything stored. */
export type Digest = `sha256:${string}`;

export const sha256HexSchema = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

export const digestSchema = z.templateLiteral(["sha256:", sha256HexSchema], {
  error: "must be sha256: and 64 lower-case hex digits",
});

export function sha256Hex(content: string | Uint8Array): string {
  return hash("sha256", content, "hex");
}

export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${sha256Hex(content)}`;
}

/** The 64 hex digits of a digest, which name its folder. */
export function digestHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}
