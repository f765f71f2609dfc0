import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { ensureBinaries } from "../../../hack/tools/binaries.ts";
import { LeaseResponse, PostItemsResponse } from "../../../src/api/contracts/collector-api.ts";
import { useScenes } from "./scene.ts";

const run = promisify(execFile);
const text = readFileSync(join(import.meta.dirname, "../../../docs/rating.md"), "utf8");
const [access = "", lease = "", choose = ""] = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block);

const hasCurl = await run("curl", ["--version"]).then(
  () => true,
  () => false,
);
const isSkipped = !hasCurl && process.env.CI !== "true";
if (isSkipped) console.warn("The commands of docs/rating.md are not tried: they call curl, which is not installed.");

const setScene = useScenes();

/** Runs a block of docs/rating.md as it stands there; returns what it prints. */
async function runBlock(block: string, variables: Record<string, string>): Promise<string> {
  const { kubectl } = await ensureBinaries(["kubectl"]);
  const PATH = `${dirname(kubectl)}:${process.env.PATH}`;
  const env = { ...process.env, PATH, KUBECONFIG: inject("kubeconfig"), ...variables };
  return (await run("bash", ["-euc", block], { env })).stdout;
}

test.skipIf(isSkipped)("the commands of docs/rating.md give a link, a pair and its choice", async () => {
  const scene = await setScene();
  await scene.queue("p1");
  const where = { COLLECTOR: scene.url, NAMESPACE: scene.namespace, DATASET: "support" };
  const link = new URL((await runBlock(access, where)).trim().split("\n").at(-1) ?? "");
  expect(`${link.origin}${link.pathname}`).toBe(`${scene.url}/rate`);
  const { token: TOKEN = "", ...place } = Object.fromEntries(new URLSearchParams(link.hash.slice(1)));
  expect(place).toEqual({ namespace: scene.namespace, dataset: "support" });

  const { pairs } = LeaseResponse.parse(JSON.parse(await runBlock(lease, { ...where, TOKEN })));
  expect(pairs).toMatchObject([{ prompt: "prompt of p1" }]);
  const [{ id: PAIR, lease: LEASE, a } = expect.fail("no pair")] = pairs;
  const answer = JSON.parse(await runBlock(choose, { ...where, TOKEN, PAIR, LEASE }));
  expect(PostItemsResponse.parse(answer).results).toMatchObject([{ result: "Accepted" }]);
  expect(await scene.preferences()).toMatchObject([{ chosen: a, labeler: "ann" }]);
  const again = JSON.parse(await runBlock(choose, { ...where, TOKEN, PAIR, LEASE }));
  expect(again.results).toMatchObject([{ result: "Duplicate", sequence: answer.sequence }]);
});
