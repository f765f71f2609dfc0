import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createPrometheusClient, PrometheusServer } from "../../../src/evidence/prometheus.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { type Received, settled, startServer } from "./http-faults.ts";

const at = new Date("2026-01-01T00:00:30.500Z");
const never = new AbortController().signal;

function clientOf(...servers: object[]) {
  const clock = createFakeClock();
  const client = createPrometheusClient(
    servers.map((server) => PrometheusServer.parse({ name: "default", ...server })),
    clock,
  );
  onTestFinished(() => client.close());
  return { client, clock };
}

/** Of a server that answers with this. */
async function asked(answer: object | string, status = 200) {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  const { url, received } = await startServer((_, response) => {
    response.statusCode = status;
    response.end(text);
  });
  const { client } = clientOf({ url });
  return { said: client.query("default", "up", at, never), received };
}

const vector = (...values: string[]) => ({
  status: "success",
  data: {
    resultType: "vector",
    result: values.map((value, i) => ({ metric: { pod: `p${i}` }, value: [1, value] })),
  },
});

describe("a query", () => {
  it("is asked for one moment and gives one number", async () => {
    const { said, received } = await asked({
      ...vector("0.25"),
      warnings: ["PromQL info: metric might not be a counter"],
    });
    expect(await said).toEqual({ value: 0.25 });
    expect(received[0]).toMatchObject({ path: "/api/v1/query", body: "query=up&time=1767225630.5" });
  });

  it("may be a scalar", async () => {
    const { said } = await asked({ status: "success", data: { resultType: "scalar", result: [1, "3"] } });
    expect(await said).toEqual({ value: 3 });
  });

  it.each([
    ["no series", vector(), "the query has no value"],
    ["NaN", vector("NaN"), "the query's value is NaN"],
    ["a quotient by nothing", vector("+Inf"), "the query's value is +Inf"],
  ])("of %s is empty, and neither good nor bad", async (_, answer, empty) => {
    expect(await (await asked(answer)).said).toEqual({ empty });
  });

  it.each([
    ["several series", 200, vector("1", "2"), 'the query gives 2 series, such as {"pod":"p0"} and {"pod":"p1"}'],
    ["a matrix", 200, { status: "success", data: { resultType: "matrix", result: [] } }, "the query gives a matrix"],
    [
      "half an answer",
      200,
      { ...vector("1"), warnings: ["store-1: down"] },
      "may be incomplete or wrong: store-1: down",
    ],
    ["a bad query", 400, { status: "error", errorType: "bad_data", error: "parse error" }, "bad_data: parse error"],
    ["an error page", 500, "<html>", "HTTP 500, and the answer is not one of Prometheus"],
    ["malformed JSON", 200, '{"status":"succ', "HTTP 200, and the answer is not one of Prometheus"],
    ["an answer of another shape", 200, { status: "success", data: 7 }, "the answer is not one of Prometheus"],
    ["a proxy's login", 302, "", "HTTP 302"],
    ["too much", 200, "x".repeat(2 << 20), "Prometheus default: "],
  ])("that gets %s has no answer, and says so", async (_, status, answer, words) => {
    const { said } = await asked(answer, status);
    await expect(said).rejects.toThrow(words);
    await expect(said).rejects.toThrow(/^Prometheus default: .*\(query up\)$/);
  });
});

describe("a server", () => {
  it("that hangs is given up, before and in the middle of its answer", async () => {
    for (const begin of [false, true]) {
      const { url } = await startServer((_, response) => {
        if (begin) response.write('{"status":');
      });
      const { client, clock } = clientOf({ url });
      await expect(settled(client.query("default", "up", at, never), clock)).rejects.toThrow("not done in 10000 ms");
    }
  });

  it("that is not there is named", async () => {
    const { client } = clientOf({ url: "http://127.0.0.1:1" });
    await expect(client.query("default", "up", at, never)).rejects.toThrow(/^Prometheus default: .*ECONNREFUSED/);
    await expect(client.query("other", "up", at, never)).rejects.toThrow(
      "Prometheus other is not in the manager's configuration",
    );
  });

  it("gets the token that the file holds now, and may be behind a path", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dpo-prometheus-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const tokenFile = join(folder, "token");
    const seen: Received[] = [];
    const { url } = await startServer((request, response) => {
      seen.push(request);
      response.end(JSON.stringify(vector("1")));
    });
    const { client } = clientOf({ url: `${url}/team/`, tokenFile });
    for (const token of ["one", "two"]) {
      await writeFile(tokenFile, `${token}\n`);
      await client.query("default", "up", at, never);
    }
    expect(seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ["/team/api/v1/query", "Bearer one"],
      ["/team/api/v1/query", "Bearer two"],
    ]);
  });

  it("is no longer asked when nobody wants to know", async () => {
    const { url } = await startServer(() => undefined);
    const { client } = clientOf({ url });
    const stop = new AbortController();
    const asking = client.query("default", "up", at, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(asking).rejects.toThrow("stopped");
  });
});
