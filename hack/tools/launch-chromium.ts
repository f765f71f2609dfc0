import { type Browser, chromium } from "playwright-core";
import { ensureChromium } from "./chromium.ts";

/** It calls nobody but the pages that it is told to open. As root it can have no sandbox. */
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: await ensureChromium(), args: FLAGS });
}
