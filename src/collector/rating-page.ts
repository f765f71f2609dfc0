import { readdir, readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";

/** Served as they are, from the folder beside this file: in the image it stands beside the bundle. */
const FOLDER = new URL("rating-page/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** A rater's token is in this page's hands, so it runs nothing but its own files and talks to nobody but this server. */
const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "cache-control": "no-cache",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** GET /rate, for anybody: what is behind it needs a rater's token. Throws when a file of the page is missing. */
export async function ratingPage(app: FastifyInstance, instructions: string): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const type = TYPES[name.split(".").at(-1) ?? ""];
    if (type === undefined) continue;
    const text = await readFile(new URL(name, FOLDER), "utf8");
    const isPage = name === "index.html";
    const body = isPage ? text.replaceAll("{{instructions}}", () => escaped(instructions)) : text;
    app.get(isPage ? "/rate" : `/rate/${name}`, async (_request, reply) =>
      reply.headers(HEADERS).type(type).send(body),
    );
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
