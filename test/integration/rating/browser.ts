import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { ensureChromium } from "../../../hack/tools/chromium.ts";
import { launchChromium } from "../../../hack/tools/launch-chromium.ts";

const PATIENCE_MS = 10_000;

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

/** Why no browser can be had here: tests are skipped for it, but for CI, where nobody would see that. */
export async function lackOfBrowser(): Promise<string | undefined> {
  try {
    await ensureChromium();
    return undefined;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    const lack = error instanceof Error ? error.message : String(error);
    console.warn(`The tests of the rating page in a browser are skipped. ${lack}`);
    return lack;
  }
}

/** One browser for the tests of a file; each call of what it returns opens a tab that knows nothing of the others. */
export function useBrowser(): (options?: BrowserContextOptions) => Promise<Page> {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  return async (options = { viewport: { width: 1280, height: 800 } }) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    onTestFinished(() => context.close());
    return context.newPage();
  };
}
