import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export interface Import {
  /** A path below src for our own files, otherwise the specifier as it is written. */
  readonly target: string;
  readonly own: boolean;
  /** Gone at run time: `import type`, or nothing but `type` names between the braces. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** Below src, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and quoted strings blanked, so that only code is left to search. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const root = join(import.meta.dirname, "../../src");

export function sourceFiles(): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, code: codeOf(text), imports: importsOf(path, text) };
    });
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:([\w$*\s{},]*?)\s*from\s*)?"([^"]+)"/gm;
const LATER = /\bimport\("([^"]+)"\)/g;

/** Static, dynamic and re-exporting imports of one formatted file. */
export function importsOf(path: string, text: string): Import[] {
  const found = [...text.matchAll(STATIC)].map(([, type, names = "", specifier = ""]) =>
    resolve(path, specifier, type !== undefined || /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(names)),
  );
  const later = [...text.matchAll(LATER)].map(([, specifier = ""]) => resolve(path, specifier, false));
  return [...found, ...later];
}

function resolve(from: string, specifier: string, typeOnly: boolean): Import {
  const own = specifier.startsWith(".");
  const target = own ? relative(root, join(root, dirname(from), specifier)) : specifier;
  return { target, own, typeOnly };
}

const QUOTED = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

/** Templates stay as they are, since they hold code. */
export function codeOf(text: string): string {
  return text.replace(QUOTED, (part) => (part.startsWith("`") ? part : part.replace(/[^\n]/g, " ")));
}

/** What a file reaches at run time, itself included; `follow` says which of its own imports count. */
export function reachableFrom(
  start: SourceFile,
  files: ReadonlyMap<string, SourceFile>,
  follow: (to: Import) => boolean = ({ typeOnly }) => !typeOnly,
): SourceFile[] {
  const reached = new Set([start]);
  for (const file of reached) {
    for (const to of file.imports) {
      const next = to.own && follow(to) ? files.get(to.target) : undefined;
      if (next !== undefined) reached.add(next);
    }
  }
  return [...reached];
}
