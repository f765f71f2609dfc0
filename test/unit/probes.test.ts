import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { assistantTemplate } from "../../hack/demo/objects.ts";
import { samplerDeployment } from "../../src/controllers/preferencecanary/evidence/evidence-pods.ts";
import { canaryObject } from "../builders/canary.ts";

const BASE = join(import.meta.dirname, "../../manifests/base");

interface Probe {
  readonly timeoutSeconds?: number;
}

/** Every probe anywhere in an object, by its path. */
function probesIn(object: unknown, path: string): [string, Probe][] {
  if (typeof object !== "object" || object === null) return [];
  return Object.entries(object).flatMap(([key, value]) => {
    const here = `${path}.${key}`;
    return key.endsWith("Probe") ? [[here, value as Probe] satisfies [string, Probe]] : probesIn(value, here);
  });
}

const files = readdirSync(BASE).filter((name) => name.endsWith(".yaml"));
const manifests = files.flatMap((name) =>
  parseAllDocuments(readFileSync(join(BASE, name), "utf8")).flatMap((document) => probesIn(document.toJS(), name)),
);
const settings = { operatorImage: "operator", collectorUrl: "http://collector" };
const sampler = probesIn(samplerDeployment(canaryObject(), { stable: "aaaaaaaaaa" }, settings), "sampler");
const arm = probesIn(assistantTemplate("trainer", { uri: "", digest: "" }), "arm");

test("manager, collector, sampler and the demo's arms are all probed", () => {
  expect([manifests, sampler, arm].map(({ length }) => length)).toEqual([6, 2, 1]);
});

test.each([...manifests, ...sampler, ...arm])("%s gives a busy node more than the default second", (_path, probe) => {
  expect(probe.timeoutSeconds).toBe(5);
});
