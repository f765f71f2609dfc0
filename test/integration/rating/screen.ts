import type { Page } from "playwright-core";

/** What a rater has before them. */
export interface Seen {
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
}

/** Opens a link and gives the name that the page asks for. */
export async function begin(page: Page, link: string, name = "ann"): Promise<void> {
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Begin" }).click();
}

/** The pair that can be judged now, or that comes next. */
export async function seen(page: Page): Promise<Seen> {
  await page.locator("#choices button[aria-disabled=false]").first().waitFor();
  const [prompt = "", a = "", b = ""] = await Promise.all(
    ["prompt", "a", "b"].map(async (id) => (await page.locator(`#${id}`).textContent()) ?? ""),
  );
  return { prompt, a, b };
}

/** Judges with a key, and says what was judged. */
export async function press(page: Page, key: string): Promise<Seen> {
  const pair = await seen(page);
  await page.keyboard.press(key);
  return pair;
}

export function progress(page: Page): Promise<string | null> {
  return page.locator("#progress").textContent();
}
