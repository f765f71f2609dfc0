import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ensureWheel } from "../../../hack/lib/wheel.ts";
import { temporaryFolder } from "./node-child.ts";

/** Holds bin/tool (stored, executable) and a.txt (deflated: 50 times the letter a). */
const good = Buffer.from(
  "UEsDBBQAAAAAAAAAIVwdnfsECgAAAAoAAAAIAAAAYmluL3Rvb2wjIS9iaW4vc2gKUEsDBBQAAAAIAAAAIVx9utdHBgAAADIAAAAFAAAAYS50eHRL" +
    "TCQVAABQSwECFAMUAAAAAAAAACFcHZ37BAoAAAAKAAAACAAAAAAAAAAAAAAA7YEAAAAAYmluL3Rvb2xQSwECFAMUAAAACAAAACFcfbrXRwYAAAAy" +
    "AAAABQAAAAAAAAAAAAAApIEwAAAAYS50eHRQSwUGAAAAAAIAAgBpAAAAWQAAAAAA",
  "base64",
);
/** Holds ../out. */
const escaping = Buffer.from(
  "UEsDBBQAAAAAAAAAIVyDFtyMAQAAAAEAAAAGAAAALi4vb3V0eFBLAQIUAxQAAAAAAAAAIVyDFtyMAQAAAAEAAAAGAAAAAAAAAAAAAACkgQAAAAAu" +
    "Li9vdXRQSwUGAAAAAAEAAQA0AAAAJQAAAAAA",
  "base64",
);

describe("ensureWheel", () => {
  const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

  /** A package index with one file, whose listing may promise another hash than the file has. */
  async function serve(content: Buffer, listed = sha256(content)): Promise<{ downloads: () => number }> {
    let downloads = 0;
    const server = createServer((request, response) => {
      if (request.url === "/simple/tool/") {
        response.end(
          JSON.stringify({ files: [{ filename: "tool.whl", url: "/tool.whl", hashes: { sha256: listed } }] }),
        );
      } else {
        downloads++;
        response.end(content);
      }
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    vi.stubEnv("PIP_INDEX_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`);
    vi.stubEnv("XDG_CACHE_HOME", temporaryFolder());
    // Steps of the code under test are none of the test run's.
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    onTestFinished(() => {
      server.close();
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });
    return { downloads: () => downloads };
  }

  const wheel = (hash: string) => ({ project: "tool", version: "1.0.0", sha256: hash });

  test("unpacks the file of this hash once, with its modes", async () => {
    const index = await serve(good);
    const folder = await ensureWheel(wheel(sha256(good)));
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("a".repeat(50));
    expect(statSync(join(folder, "bin/tool")).mode & 0o777).toBe(0o755);
    expect(await ensureWheel(wheel(sha256(good)))).toBe(folder);
    expect(index.downloads()).toBe(1);
  });

  test("refuses a file that is not the pinned one", async () => {
    const pinned = sha256(escaping);
    await serve(good, pinned);
    await expect(ensureWheel(wheel(pinned))).rejects.toThrow(`has the SHA-256 ${sha256(good)}, not ${pinned}`);
  });

  test("says when the index has no file of this hash", async () => {
    await serve(good);
    await expect(ensureWheel(wheel("0".repeat(64)))).rejects.toThrow("has no file of 1.0.0 with the SHA-256 000");
  });

  test("refuses an archive whose files lead out of it", async () => {
    await serve(escaping);
    await expect(ensureWheel(wheel(sha256(escaping)))).rejects.toThrow("../out leads out of the archive");
  });
});
