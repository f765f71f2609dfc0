import { describe, expect, test } from "vitest";
import { codeOf, importsOf, reachableFrom, type SourceFile, sourceFiles } from "./source-tree.ts";

/**
 * What a folder of src may import beside itself. Dependencies point one way: controllers → gates, evidence, traffic →
 * runtime, kube → api. runtime and kube are one layer; the roles (collector, sampler, judge, dataset) do not know each other.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  artifacts: [],
  telemetry: [],
  api: ["artifacts"],
  kube: ["api", "runtime", "telemetry"],
  runtime: ["api", "kube", "telemetry"],
  gates: ["api"],
  evidence: ["api", "kube", "runtime"],
  traffic: ["api", "kube", "runtime"],
  controllers: ["api", "artifacts", "evidence", "gates", "kube", "runtime", "telemetry", "traffic"],
  cli: ["api", "artifacts", "controllers", "dataset", "evidence", "gates", "kube", "runtime", "traffic"],
  dataset: ["api", "artifacts", "evidence"],
  collector: ["api", "artifacts", "runtime", "telemetry"],
  judge: ["api", "evidence", "runtime", "telemetry"],
  notify: ["kube", "runtime", "telemetry"],
  sampler: ["api", "evidence", "gates", "runtime", "telemetry"],
};

/** What a controller's folder holds beside decisions; every file that is not named here is pure. */
const EFFECTS =
  /\/(controller|reconcile|observe(-[a-z]+)?|act|status-(turns|writer)|folded-gates|glances|rollbacks|waiting-notes|progress-server|archiver|answer-(feed|follower|teller)|evidence-(feed|follower|news)|metrics)\.ts$/;

/** The roles, and the command line. */
const ENTRY_POINTS = ["main.ts", "cli/main.ts"];

const MAX_LINES = 500;

const files = new Map(sourceFiles().map((file) => [file.path, file]));
const all = [...files.values()];

function violations(of: (file: SourceFile) => readonly string[]): string[] {
  return all.flatMap((file) => of(file).map((what) => `src/${file.path} ${what}`));
}

function folderOf(path: string): string | undefined {
  return path.includes("/") ? path.split("/")[0] : undefined;
}

function isPure({ path }: SourceFile): boolean {
  return path.startsWith("gates/") || (/^controllers\/[^/]+\//.test(path) && !EFFECTS.test(path));
}

describe("dependencies point one way", () => {
  test("every folder of src is in the table", () => {
    const folders = new Set(all.flatMap(({ path }) => folderOf(path) ?? []));
    expect(Object.keys(MAY_IMPORT).toSorted()).toEqual([...folders].toSorted());
  });

  test("no folder imports one above or beside it", () => {
    const found = violations(({ path, imports }) => {
      const folder = folderOf(path);
      if (folder === undefined) return [];
      const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
      return imports
        .filter(({ own, target }) => own && !allowed.includes(folderOf(target) ?? target))
        .map(({ target }) => `imports src/${target}`);
    });
    expect(found).toEqual([]);
  });

  test("one controller does not import another", () => {
    const kindOf = (path: string) => /^controllers\/([^/]+)\//.exec(path)?.[1];
    const found = violations(({ path, imports }) =>
      imports
        .filter(({ target }) => kindOf(path) !== undefined && kindOf(target) !== undefined)
        .filter(({ target }) => kindOf(target) !== kindOf(path))
        .map(({ target }) => `imports src/${target}`),
    );
    expect(found).toEqual([]);
  });

  test("no file imports itself by way of others, not even its types", () => {
    const found = violations((file) =>
      file.imports.flatMap(({ own, target }) => {
        const next = own ? files.get(target) : undefined;
        const back = next !== undefined && reachableFrom(next, files, () => true).includes(file);
        return back ? [`is imported again by way of src/${target}`] : [];
      }),
    );
    expect(found).toEqual([]);
  });
});

describe("decisions are pure", () => {
  const pure = all.filter(isPure);

  test("there are some: the rule is not empty", () => {
    const names = pure.map(({ path }) => path);
    for (const kind of ["preferencedataset", "dpojob"]) {
      for (const file of ["decide", "desired", "status"]) expect(names).toContain(`controllers/${kind}/${file}.ts`);
    }
    expect(names).toContain("gates/win-rate.ts");
  });

  test("nothing that they reach at run time is of the API server's edge or of Node, but node:crypto", () => {
    const found = pure.flatMap((file) =>
      reachableFrom(file, files).flatMap((reached) => [
        ...(folderOf(reached.path) === "kube" ? [`src/${file.path} reaches src/${reached.path}`] : []),
        ...reached.imports
          .filter(({ target, typeOnly }) => !typeOnly && target.startsWith("node:") && target !== "node:crypto")
          .map(({ target }) => `src/${file.path} reaches ${target} in src/${reached.path}`),
      ]),
    );
    expect(found).toEqual([]);
  });

  test("they get the time and randomness, and wait for nothing", () => {
    const source =
      /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b/;
    const found = pure.flatMap(({ path, code, imports }) => [
      ...(source.exec(code) ?? []).map((what) => `src/${path} uses ${what}`),
      ...imports.filter(({ target }) => target.endsWith("/clock.ts")).map(() => `src/${path} imports a clock`),
      ...(/\bawait\b|\basync\b/.test(code) ? [`src/${path} waits`] : []),
    ]);
    expect(found).toEqual([]);
  });
});

describe("every file", () => {
  test("leaves the process to the entry points", () => {
    const found = violations(({ path, code, imports }) =>
      !ENTRY_POINTS.includes(path) &&
      (/\bprocess\./.test(code) || imports.some(({ target }) => target === "node:process"))
        ? ["reads the process"]
        : [],
    );
    expect(found).toEqual([]);
  });

  test("exports by name", () => {
    expect(violations(({ code }) => (/^export default\b|\bas default\b/m.test(code) ? ["has a default"] : []))).toEqual(
      [],
    );
  });

  test("is typed: no any, and no word to the compiler or the linter to look away", () => {
    const found = violations(({ code, text }) => [
      ...(/(?<![.\w])any\b(?=\s*[;,)>[\]|&={}]|$)/m.test(code) ? ["says any"] : []),
      ...(text.match(/@ts-(?:ignore|expect-error|nocheck)|biome-ignore/g) ?? []),
    ]);
    expect(found).toEqual([]);
  });

  test(`has at most ${MAX_LINES} lines`, () => {
    const found = violations(({ text }) => {
      const lines = text.split("\n").length - 1;
      return lines > MAX_LINES ? [`has ${lines} lines`] : [];
    });
    expect(found).toEqual([]);
  });
});

describe("the reader of imports", () => {
  test.each([
    [`import type { A } from "./a.ts";`, { target: "gates/a.ts", own: true, typeOnly: true }],
    [`import { type A, type B } from "../kube/a.ts";`, { target: "kube/a.ts", own: true, typeOnly: true }],
    [`import {\n  type A,\n  b,\n} from "./a.ts";`, { target: "gates/a.ts", own: true, typeOnly: false }],
    [`import * as z from "zod";`, { target: "zod", own: false, typeOnly: false }],
    [`import "node:fs";`, { target: "node:fs", own: false, typeOnly: false }],
    [`export { a } from "./a.ts";`, { target: "gates/a.ts", own: true, typeOnly: false }],
    [`export type { A } from "./a.ts";`, { target: "gates/a.ts", own: true, typeOnly: true }],
    [`const { a } = await import("./a.ts");`, { target: "gates/a.ts", own: true, typeOnly: false }],
  ])("%s", (text, expected) => {
    expect(importsOf("gates/x.ts", text)).toEqual([expected]);
  });

  test("knows code from words", () => {
    expect(codeOf('a(); // any\nb("any"); /* any */')).not.toContain("any");
    expect(codeOf("b(`//any`)")).toContain("any");
  });
});
