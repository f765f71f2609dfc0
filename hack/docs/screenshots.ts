/** node hack/docs/screenshots.ts: makes the pictures of docs/rating.md from the page as it is now. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { Registry } from "prom-client";
import { CollectorConfig } from "../../src/collector/config.ts";
import { runCollector } from "../../src/collector/server.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { seededRandom } from "../../trainer-image/src/random.ts";
import { launchChromium } from "../tools/launch-chromium.ts";
import { ratedPairs } from "./rated-pairs.ts";

const IMAGES = join(import.meta.dirname, "../../docs/images");
const ACCESS = "namespace=team&dataset=support&token=t";
/** The pair that is long enough to show something comes after so many others. */
const JUDGED_BEFORE = 2;

const pictures: Readonly<Record<string, BrowserContextOptions>> = {
  "rating-desktop": { viewport: { width: 1120, height: 640 } },
  "rating-phone": { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true, colorScheme: "dark" },
};

const dataDir = await mkdtemp(join(tmpdir(), "dpo-screenshots-"));
const browser = await launchChromium();
try {
  for (const [name, options] of Object.entries(pictures)) await take(name, options);
} finally {
  await browser.close();
  await rm(dataDir, { recursive: true });
}

async function take(name: string, options: BrowserContextOptions): Promise<void> {
  const collector = await runCollector(
    CollectorConfig.parse({ host: "127.0.0.1", port: 0, dataDir: join(dataDir, name) }),
    {
      tokenReview: async (_token, audiences) => ({
        authenticated: true,
        username: "system:serviceaccount:team:rater",
        audiences,
      }),
      clock: systemClock,
      random: seededRandom(1),
      logger: silentLogger(),
      registry: new Registry(),
    },
  );
  try {
    for (const pair of ratedPairs) await queue(collector.url, pair);
    const page = await browser.newPage(options);
    await page.goto(`${collector.url}/rate#${ACCESS}`);
    await page.getByLabel("Your name").fill("ann");
    await page.getByRole("button", { name: "Begin" }).click();
    const ready = page.locator("#choices button[aria-disabled=false]").first();
    for (let judged = 0; judged < JUDGED_BEFORE; judged += 1) {
      await ready.waitFor();
      await page.keyboard.press("1");
    }
    await ready.waitFor();
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    await page.close();
  } finally {
    await collector.close();
  }
}

async function queue(url: string, [prompt, stable, candidate]: (typeof ratedPairs)[number]): Promise<void> {
  const pair = {
    ...{ id: prompt, canary: "assistant", prompt },
    stable: { revision: "stable", text: stable },
    candidate: { revision: "candidate", text: candidate },
  };
  const response = await fetch(`${url}/v1/namespaces/team/datasets/support/pairs`, {
    method: "POST",
    headers: { authorization: "Bearer t", "content-type": "application/json" },
    body: JSON.stringify(pair),
  });
  if (!response.ok) throw new Error(`the pair was refused: ${await response.text()}`);
}
