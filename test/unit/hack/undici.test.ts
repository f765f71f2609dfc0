import { createRequire } from "node:module";
import * as undici from "undici";
import { expect, it } from "vitest";
import { sourceFiles } from "../source-tree.ts";

const bundled: Readonly<Record<string, unknown>> = createRequire(import.meta.url)("../../../hack/undici.cjs");

/** But for types. */
function namesFromUndici(text: string): readonly string[] {
  const names = /^import \{([^}]*)\} from "undici"/m.exec(text)?.[1]?.split(",") ?? [];
  return names.map((name) => name.trim()).filter((name) => !name.startsWith("type "));
}

it("the bundle has of undici all that the programs use, as it is in the whole package", () => {
  const used = new Set(sourceFiles().flatMap(({ text }) => namesFromUndici(text)));
  expect(Object.keys(bundled).toSorted()).toEqual([...used].toSorted());
  for (const name of used) expect(bundled[name], name).toBe(Reflect.get(undici, name));
});
