import { expect, test } from "vitest";
import { startCollector } from "./running-collector.ts";

test("the page is there for anybody, and runs and calls nothing but what is the collector's", async () => {
  await using collector = await startCollector();
  const response = await fetch(`${collector.url}/rate`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const policy = response.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  const page = await response.text();
  expect(page).toContain("Choose the one that you would rather have got.");
  expect(page).not.toMatch(/<script>|<style|\son\w+=|https?:/);
});

test("every file that the page and its code name is served, by its type", async () => {
  await using collector = await startCollector();
  const known = new Set(["rate/main.js", "rate/style.css"]);
  for (const path of known) {
    const response = await fetch(`${collector.url}/${path}`);
    expect(response.status, path).toBe(200);
    const isCode = path.endsWith(".js");
    expect(response.headers.get("content-type")).toBe(`text/${isCode ? "javascript" : "css"}; charset=utf-8`);
    const imports = (await response.text()).matchAll(/ from "\.\/([\w-]+\.js)"/g);
    for (const [, name] of imports) known.add(`rate/${name}`);
  }
  expect(known.size).toBeGreaterThan(5);
});

test.each(["/rate/tsconfig.json", "/rate/../config.ts", "/rate/%2e%2e%2fconfig.ts", "/rate/index.html"])(
  "%s is not served",
  async (path) => {
    await using collector = await startCollector();
    expect(await collector.call("GET", path)).toMatchObject({ status: 404 });
  },
);

test("a team's own instructions are text on the page, whatever they hold", async () => {
  const instructions = "Prefer <b>short</b> answers & $& {{instructions}}.\nThanks!";
  await using collector = await startCollector({ config: { instructions } });
  const page = await (await fetch(`${collector.url}/rate`)).text();
  const shown = page.split("Prefer &lt;b>short&lt;/b> answers &amp; $&amp; {{instructions}}.\nThanks!");
  expect(shown).toHaveLength(3);
});
