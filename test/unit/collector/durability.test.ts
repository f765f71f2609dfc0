import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import {
  type Comparison,
  ComparisonPage,
  PostItemsResponse,
  PostPairResponse,
  PostPreferencesResponse,
  RatingPage,
} from "../../../src/api/contracts/collector-api.ts";
import { seededRandom } from "./seeded-random.ts";

const KILLS = 5;
const WRITERS = 8;
const BATCH = 5;
const BASE = "/v1/namespaces/team";

interface Killable {
  url: string;
  kill(): Promise<void>;
}

async function spawnCollector(dataDir: string): Promise<Killable> {
  const script = join(import.meta.dirname, "collector-process.ts");
  const child: ChildProcess = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("no output");
  const [url] = await once(createInterface(child.stdout), "line");
  return {
    url,
    async kill() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function post(url: string, path: string, body: unknown): Promise<unknown> {
  const headers = { authorization: "Bearer t", "content-type": "application/json" };
  const response = await fetch(url + BASE + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  return response.json();
}

async function get(url: string, path: string): Promise<string> {
  return (await fetch(url + BASE + path, { headers: { authorization: "Bearer t" } })).text();
}

/** What was sent, and of that, what was acknowledged with which sequence number. */
class Ledger {
  readonly sent = new Set<string>();
  readonly acknowledged = new Map<string, number>();
  next = 0;

  name(): string {
    this.next += 1;
    this.sent.add(`${this.next}`);
    return `${this.next}`;
  }
}

const preferenceOf = (id: string) => ({ id, prompt: `prompt ${id}`, chosen: `chosen ${id}`, rejected: "no" });
const pairOf = (id: string) => ({
  id,
  canary: "assistant",
  prompt: `prompt ${Number(id) % 7}`,
  stable: { revision: "s", text: "fine" },
  candidate: { revision: "c", error: "HTTP 500" },
});

async function writePreferences(url: string, ledger: Ledger): Promise<void> {
  for (;;) {
    const ids = Array.from({ length: BATCH }, () => ledger.name());
    const records = ids.map(preferenceOf);
    const body = PostPreferencesResponse.parse(await post(url, "/datasets/d/preferences", { records }));
    expect(body.accepted).toBe(BATCH);
    ids.forEach((id, index) => {
      ledger.acknowledged.set(id, body.sequence - BATCH + 1 + index);
    });
  }
}

async function writeComparisons(url: string, ledger: Ledger): Promise<void> {
  for (;;) {
    const id = ledger.name();
    const { sequence } = PostPairResponse.parse(await post(url, "/datasets/d/pairs", pairOf(id)));
    if (sequence === undefined) throw new Error(`pair ${id} was not decided`);
    ledger.acknowledged.set(id, sequence);
  }
}

async function writeRatings(url: string, ledger: Ledger): Promise<void> {
  for (;;) {
    const id = ledger.name();
    const rating = { id, revision: "c", rater: `rater ${Number(id) % 7}`, value: 1 };
    const { sequence } = PostItemsResponse.parse(await post(url, "/canaries/assistant/ratings", { ratings: [rating] }));
    ledger.acknowledged.set(id, sequence);
  }
}

async function storedPreferences(url: string): Promise<Map<string, number>> {
  const lines = (await get(url, "/datasets/d/preferences")).split("\n").filter((line) => line !== "");
  const stored = new Map<string, number>();
  for (const line of lines) {
    const { id, sequence, prompt, chosen } = JSON.parse(line);
    expect({ prompt, chosen }).toEqual({ prompt: `prompt ${id}`, chosen: `chosen ${id}` });
    stored.set(id, sequence);
  }
  return stored;
}

type Vote = Pick<Comparison, "sequence" | "id" | "unit" | "vote">;

/** All of a run's comparisons or ratings. */
async function storedVotes(url: string, kind: "comparisons" | "ratings"): Promise<Vote[]> {
  const schema = { comparisons: ComparisonPage, ratings: RatingPage }[kind];
  const stored: Vote[] = [];
  for (;;) {
    const last = stored.at(-1);
    const cursor = last === undefined ? "" : `&after=${last.sequence}&afterId=${last.id}`;
    const answer = await get(url, `/canaries/assistant/${kind}?candidate=c&stable=s${cursor}`);
    const { records } = schema.parse(JSON.parse(answer));
    if (records.length === 0) return stored;
    stored.push(...records);
  }
}

test("every acknowledged record outlives kill -9 under load, with its number, and sending again loses nothing", {
  timeout: 60_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "dpo-collector-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const random = seededRandom(11);
  const preferences = new Ledger();
  const ledgers = { comparisons: new Ledger(), ratings: new Ledger() };

  for (let kill = 0; kill < KILLS; kill += 1) {
    const collector = await spawnCollector(dataDir);
    const writers = Array.from({ length: WRITERS }, () => writePreferences(collector.url, preferences));
    const votes = [writeComparisons(collector.url, ledgers.comparisons), writeRatings(collector.url, ledgers.ratings)];
    const all = Promise.allSettled([...writers, ...votes]);
    await new Promise((resolve) => setTimeout(resolve, 100 + random() * 200));
    await collector.kill();
    for (const result of await all) {
      // Only the kill ends a writer: a refusal or a failed expectation would be another error.
      expect(result).toMatchObject({ status: "rejected", reason: { message: "fetch failed" } });
    }
  }

  const collector = await spawnCollector(dataDir);
  onTestFinished(() => collector.kill());
  expect(preferences.acknowledged.size).toBeGreaterThan(KILLS * BATCH);
  const stored = await storedPreferences(collector.url);
  const lost = [...preferences.acknowledged].filter(([id, sequence]) => stored.get(id) !== sequence);
  expect(lost).toEqual([]);

  const unanswered = [...preferences.sent].filter((id) => !preferences.acknowledged.has(id));
  expect(unanswered.length).toBeGreaterThan(0);
  await post(collector.url, "/datasets/d/preferences", { records: unanswered.map(preferenceOf) });
  expect(new Set((await storedPreferences(collector.url)).keys())).toEqual(preferences.sent);

  for (const kind of ["comparisons", "ratings"] as const) {
    const all = await storedVotes(collector.url, kind);
    const numbers = new Set(all.map(({ sequence }) => sequence));
    expect([...ledgers[kind].acknowledged.values()].filter((sequence) => !numbers.has(sequence))).toEqual([]);
    for (const unit of new Set(all.map((record) => record.unit))) {
      const votes = all.filter((record) => record.unit === unit).map(({ vote }) => vote);
      expect(votes).toEqual(votes.map((_vote, index) => index + 1));
    }
  }
});
