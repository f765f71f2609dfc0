import { expect, onTestFinished, test } from "vitest";
import { eventLoopCheck, startHealthServer } from "../../../src/telemetry/health.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

test("says of each check what is wrong, and 503 while anything is", async () => {
  let problem: string | undefined = "not filled: pods";
  const caches = { name: "caches", run: () => problem };
  const metrics = createMetrics();
  metrics.leader.set({ name: "manager" }, 1);
  const server = await startHealthServer({ port: 0, metrics, live: [], ready: [caches] });
  onTestFinished(() => server.close());
  async function get(path: string): Promise<[number, string]> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, await response.text()];
  }
  expect(await get("/readyz")).toEqual([503, "[-]caches not filled: pods\n"]);
  problem = undefined;
  expect(await get("/readyz")).toEqual([200, "[+]caches ok\n"]);
  expect((await get("/healthz"))[0]).toBe(200);
  expect((await get("/metrics"))[1]).toContain('leader_election_master_status{name="manager"} 1');
  expect((await get("/else"))[0]).toBe(404);
});

test("an event loop that stood still fails the next look, and only that", async () => {
  const check = eventLoopCheck(100);
  expect(await check.run()).toBeUndefined();
  const until = performance.now() + 1000;
  while (performance.now() < until);
  expect(await check.run()).toMatch(/stood still for \d+ ms/);
  expect(await check.run()).toBeUndefined();
});
