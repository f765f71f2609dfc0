import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { startCollector } from "./running-collector.ts";

const PATH = "/v1/namespaces/team/datasets/support/preferences";

test("metrics say what was accepted, what was refused and why, and how many pairs wait, without a token", async () => {
  await using collector = await startCollector();
  const record = { id: "a", prompt: "p", chosen: "c", rejected: "r" };
  await collector.call("POST", PATH, { records: [record, { ...record, chosen: "other" }, record, {}] });
  const pair = { id: "p", canary: "assistant", prompt: "p", stable: { revision: "s", text: "1" } };
  await collector.call("POST", "/v1/namespaces/team/datasets/support/pairs", {
    ...pair,
    candidate: { revision: "c", text: "2" },
  });
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  expect(metrics).toContain('dpo_collector_records_total{kind="preference",result="Accepted"} 1');
  expect(metrics).toContain('dpo_collector_records_total{kind="preference",result="Duplicate"} 1');
  expect(metrics).toContain('dpo_collector_records_total{kind="pair",result="Queued"} 1');
  expect(metrics).toContain('dpo_collector_rejected_total{kind="preference",reason="IdMismatch"} 1');
  expect(metrics).toContain('dpo_collector_rejected_total{kind="preference",reason="Invalid"} 1');
  expect(metrics).toContain('dpo_collector_queue_pairs{namespace="team",dataset="support"} 1');
  expect(metrics).toContain('dpo_collector_acknowledgement_seconds_count{kind="preference"} 1');
});

test("ready means that the store can be written: while another process holds it, it is not", async () => {
  await using collector = await startCollector();
  expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
  const intruder = new DatabaseSync(join(collector.dataDir, "collector.db"));
  intruder.exec("BEGIN IMMEDIATE");
  try {
    const ready = await fetch(`${collector.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      error: { reason: "StoreUnavailable", message: expect.stringMatching(/locked/) },
    });
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
  } finally {
    intruder.exec("ROLLBACK");
    intruder.close();
  }
  expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
});

test("an unknown path is a 404 in the same shape as every error", async () => {
  await using collector = await startCollector();
  const answer = await collector.call("GET", "/v1/namespaces/team/nothing");
  expect(answer).toMatchObject({ status: 404, body: { error: { reason: "NotFound" } } });
});

test("an idle connection outlives a gateway's patience of an hour: the side that closes first may lose a request", async () => {
  await using collector = await startCollector();
  const { headers } = await fetch(`${collector.url}/healthz`);
  const [, seconds] = /timeout=(\d+)/.exec(headers.get("keep-alive") ?? "") ?? [];
  expect(Number(seconds)).toBeGreaterThan(3600);
});
