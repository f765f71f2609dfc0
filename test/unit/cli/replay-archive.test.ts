import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import type { Cursor } from "../../../src/api/contracts/collector-api.ts";
import { sha256Hex } from "../../../src/artifacts/digest.ts";
import { archiveRequest } from "../../../src/controllers/preferencecanary/archive/archive-request.ts";
import { type Answer, NO_EVIDENCE } from "../../../src/controllers/preferencecanary/evidence/evidence.ts";
import { foldGates, type GateStatus } from "../../../src/controllers/preferencecanary/gates/gates.ts";
import { canaryObject, canarySpec } from "../../builders/canary.ts";
import { startCollector, type TestCollector } from "../collector/running-collector.ts";
import { archived, CANDIDATE, lastRun, STABLE } from "./archived-run.ts";
import { dpo, folderWith } from "./run-dpo.ts";

const judged = { revision: CANDIDATE.revision, sameModel: false };
const { spec } = canaryObject(
  canarySpec({
    evidence: { comparisons: { dataset: { name: "support" } }, ratings: {}, checks: {} },
    gates: {
      winRate: { min: "50%", target: "60%" },
      compliance: {},
      regression: {},
      cohorts: { names: ["de", "en"] },
      safety: {},
    },
  }),
);
const STREAMS = ["comparisons", "checks", "ratings"] as const;

async function post(collector: TestCollector, path: string, body: object): Promise<void> {
  const { status, body: said } = await collector.call("POST", `/v1/namespaces/team/${path}`, body);
  if (status !== 200) throw new Error(JSON.stringify(said));
}

const PROMPTS = 100;

/** A stream of everything that gates read, of which the candidate loses more than half the longer it goes on. */
async function judge(collector: TestCollector): Promise<void> {
  for (let i = 0; i < 120; i++) {
    const isWon = i < 20 ? i % 2 === 0 : i % 5 === 0;
    const arm = ({ revision }: { revision: string }, wins: boolean) =>
      wins ? { revision, text: `answer ${i}` } : { revision, error: "HTTP 500" };
    await post(collector, "datasets/support/pairs", {
      ...{ id: `p${i}`, canary: "assistant", prompt: `prompt ${i % PROMPTS}`, cohort: i % 3 === 0 ? "de" : "en" },
      ...{ stable: arm(STABLE, !isWon), candidate: arm(CANDIDATE, isWon) },
    });
    const of = ({ revision }: { revision: string }, who: string, value: number) => ({
      ...{ id: `${revision} ${i}`, revision, rater: `${who} ${i}`, value },
    });
    await post(collector, "canaries/assistant/ratings", {
      ratings: [of(CANDIDATE, "ann", i % 4 === 0 ? 0 : 1), of(STABLE, "bob", i % 7 === 0 ? 0 : 1)],
    });
  }
}

/** Choices of people, who each say the opposite afterwards. */
async function correct(collector: TestCollector, count: number): Promise<void> {
  const dataset = "/v1/namespaces/team/datasets/support";
  for (let i = 0; i < count; i++) {
    const arm = ({ revision }: { revision: string }) => ({ revision, text: `answer of ${revision}` });
    const pair = { id: `judged ${i}`, canary: "assistant", prompt: `judged prompt ${i}`, cohort: "en" };
    await post(collector, "datasets/support/pairs", { ...pair, stable: arm(STABLE), candidate: arm(CANDIDATE) });
    const { body } = await collector.call("POST", `${dataset}/pairs/lease`, { labeler: "ann", count: 1, seconds: 60 });
    const [{ id, lease }] = body.pairs;
    const choices = ["A", "B"].map((choice) => ({ id: `${i} ${choice}`, pair: id, lease, labeler: "ann", choice }));
    await post(collector, "datasets/support/choices", { choices });
  }
}

/** As the controller folds it: some records of some streams at each look. `limits`: the records of each look. */
async function fold(
  collector: TestCollector,
  limits: readonly number[],
  previous: readonly GateStatus[] = [],
  firstServed?: string,
) {
  const cursors: Partial<Record<(typeof STREAMS)[number], Cursor | null>> = {};
  let gates: readonly GateStatus[] = previous;
  for (const limit of limits) {
    for (const stream of STREAMS) {
      const from = cursors[stream] ?? null;
      const position = from === null ? "" : `&after=${from.sequence}&afterId=${from.id}`;
      const both = stream === "checks" ? "" : `&stable=${STABLE.revision}`;
      const rated = stream === "ratings" && firstServed !== undefined ? `&since=${firstServed}` : "";
      const query = `candidate=${CANDIDATE.revision}${both}${rated}`;
      const path = `/v1/namespaces/team/canaries/assistant/${stream}?${query}&limit=${limit}${position}`;
      const { records } = (await collector.call("GET", path)).body;
      const news = { from, records, access: { type: "Readable" } };
      const asked = { ...judged, ...(firstServed && { firstServed }) };
      gates = foldGates(spec, asked, gates, { ...NO_EVIDENCE, [stream]: news }, look);
      const last = records.at(-1);
      if (last !== undefined) cursors[stream] = { sequence: last.sequence, id: last.id };
    }
  }
  return gates;
}

const served = new Date("2026-01-01T00:00:00Z");
const look = {
  now: new Date("2026-01-01T01:00:00Z"),
  silence: { since: served, served, bothServed: served, limitMs: Number.POSITIVE_INFINITY },
};

let bytes: Buffer;
let gates: readonly GateStatus[];

function requestOf(said: readonly GateStatus[]) {
  const candidate = { ...CANDIDATE, served: served.toISOString() };
  return archiveRequest({ lastRun, candidate, stable: STABLE, gates: said, spec, retriedAt: undefined });
}

beforeAll(async () => {
  await using collector = await startCollector();
  await judge(collector);
  gates = await fold(collector, [1, 7, 30, 50, 11]);
  bytes = await archived(collector, requestOf(gates));
}, 60_000);

const digestOf = (packed: Buffer) => `sha256:${sha256Hex(gunzipSync(packed))}`;

function replay(content: Uint8Array, ...args: readonly string[]) {
  const cwd = folderWith({ "run.jsonl.gz": content });
  return dpo(["replay", "run.jsonl.gz", ...args], { cwd });
}

describe("an archived run", () => {
  test("comes to the same verdicts, at the same records, through all of its gates", async () => {
    const { code, stdout } = await replay(bytes, "--json");
    const run = JSON.parse(stdout);
    expect(run).toMatchObject({
      namespace: "team",
      canary: "assistant",
      digest: digestOf(bytes),
      outcome: "RolledBack",
    });
    expect(run.gates.map(({ name }: { name: string }) => name)).toEqual(gates.map(({ name }) => name));
    for (const [i, { said, replayed, same }] of run.gates.entries()) {
      const { verdict, samples, sum, failedAt, passedAt } = gates[i] as GateStatus;
      const decidedAt = failedAt?.sequence ?? passedAt?.sequence ?? null;
      expect(said).toEqual({ verdict, samples, sum: Number(sum), decidedAt });
      expect({ replayed, same }).toEqual({ replayed: said, same: true });
    }
    const [winRate] = run.gates;
    expect(winRate.replayed).toMatchObject({ verdict: "Fail", decidedAt: expect.any(Number) });
    expect(winRate.replayed.samples).toBeLessThan(100);
    expect(code).toBe(0);
  });

  test("is told in words, whatever its file is packed in", async () => {
    const { stdout } = await replay(gunzipSync(bytes));
    expect(stdout).toContain("team/assistant: candidate ca4d1da7e0 against stable 5ab1e00000, RolledBack at");
    expect(stdout).toMatch(/winRate +Fail at record \d+, \d+ samples +Fail at record \d+, \d+ samples +same/);
    expect(stdout).toContain("The evidence says again what status said.");
  });

  test("without what another system answered says of which gate there is status alone", async () => {
    const lines = gunzipSync(bytes).toString().split("\n");
    const gate = '{"name":"webhook","verdict":"Pass","samples":1,"sum":"1"}';
    const more = [lines[0]?.replace('"gates":[', `"gates":[${gate},`), ...lines.slice(1)].join("\n");
    const { code, stdout } = await replay(Buffer.from(more));
    expect(stdout).toMatch(/webhook +Pass, 1 samples +- +not archived/);
    expect(stdout).toContain(
      "what other systems answered is not archived in full, so of webhook there is status alone.",
    );
    expect(code).toBe(0);
  });

  test("of which status says something else is an error that names the gate", async () => {
    const lines = gunzipSync(bytes).toString().split("\n");
    const lied = [lines[0]?.replace('"verdict":"Fail"', '"verdict":"Pass"'), ...lines.slice(1)].join("\n");
    const { code, stdout, stderr } = await replay(Buffer.from(lied));
    expect(stdout).toMatch(/winRate +Pass at record \d+, \d+ samples +Fail at record .* DIFFERENT/);
    expect(stderr).toBe("error: winRate: the archived evidence does not say what status said of it\n");
    expect(code).toBe(1);
  });

  test("in which choices were corrected tells how many, and comes to the same verdicts by the first ones", async () => {
    await using collector = await startCollector();
    await judge(collector);
    await correct(collector, 3);
    const said = await fold(collector, [50, 50, 1, 50]);
    const [winRate] = said;
    expect(winRate).toMatchObject({ corrections: 3, samples: PROMPTS + 3 });
    const packed = await archived(collector, requestOf(said));
    const { stdout, code } = await replay(packed, "--json");
    expect(code).toBe(0);
    const replayed = JSON.parse(stdout).gates.map(({ name, same, corrections }: Record<string, unknown>) => ({
      name,
      same,
      corrections,
    }));
    expect(replayed).toMatchObject([
      { name: "winRate", same: true, corrections: 3 },
      { name: "safety", same: true, corrections: 0 },
      { name: "compliance", same: true, corrections: 0 },
      { name: "regression", same: true, corrections: 0 },
      { name: "cohorts", same: true, corrections: 3 },
    ]);
    const words = "winRate: 3 later versions of choices are in the evidence, and none of them is a bet.";
    expect((await replay(packed)).stdout).toContain(words);
  });

  test("has no rating from before the candidate served, and comes to the same without", async () => {
    await using collector = await startCollector();
    const early = { id: "early", revision: CANDIDATE.revision, rater: "ann 1", value: 0 };
    await post(collector, "canaries/assistant/ratings", { ratings: [early] });
    const all = `/v1/namespaces/team/canaries/assistant/ratings?candidate=${CANDIDATE.revision}&stable=${STABLE.revision}`;
    const firstServed = new Date(Date.parse((await collector.call("GET", all)).body.records[0].at) + 1).toISOString();
    while (Date.now() < Date.parse(firstServed)) await setTimeout(1);
    await judge(collector);
    const said = await fold(collector, [50, 50, 50, 50, 50], [], firstServed);
    const ratingsOf = (packed: Buffer) =>
      gunzipSync(packed)
        .toString()
        .match(/"stream":"ratings"/g)?.length;
    expect(said.find(({ name }) => name === "compliance")).toMatchObject({ samples: 120 });
    const packed = await archived(collector, requestOf(said));
    expect(ratingsOf(packed)).toBe(240);
    const { code, stdout } = await replay(packed, "--json");
    expect(JSON.parse(stdout).gates.map(({ same }: { same: boolean }) => same)).toEqual(Array(5).fill(true));
    expect(code).toBe(0);
  });

  test("is replayed by its own numbers", async () => {
    const { code, stderr } = await replay(bytes, "--min", "40%");
    expect([code, stderr]).toMatchObject([2, expect.stringContaining("--min is not for an archived run")]);
  });
});

describe("a changed byte", () => {
  const changed = () => gunzipSync(bytes).toString().replace('"outcome":1,', '"outcome":0,');

  test("is found by the digest that the file is named by", async () => {
    const cwd = folderWith({});
    const file = join(cwd, `${digestOf(bytes).slice(7)}.jsonl.gz`);
    writeFileSync(file, gzipSync(changed()));
    const { code, stdout, stderr } = await dpo(["replay", basename(file)], { cwd });
    expect(stderr).toContain(`expected ${digestOf(bytes)}: it was changed or cut off since it was written`);
    expect([code, stdout]).toEqual([1, ""]);
    writeFileSync(file, bytes);
    expect(await dpo(["replay", basename(file)], { cwd })).toMatchObject({ code: 0, stderr: "" });
  });

  test("is found by the digest that is asked for, also where it spoils a line or is a line less", async () => {
    const text = gunzipSync(bytes).toString();
    const spoilt = text.replace('"outcome":1,', '"outcome":7,');
    const less = text.split("\n").toSpliced(5, 1).join("\n");
    for (const content of [changed(), spoilt, less, `${text} `]) {
      const { code, stderr } = await replay(Buffer.from(content), "--digest", digestOf(bytes));
      expect(stderr).toMatch(/its digest is sha256:[0-9a-f]{64}, expected sha256:/);
      expect(code).toBe(1);
    }
  });

  test("in what is packed is found by gzip", async () => {
    const damaged = Buffer.from(bytes);
    const middle = Math.floor(damaged.length / 2);
    damaged[middle] = (damaged[middle] ?? 0) ^ 1;
    const { code, stderr } = await replay(damaged, "--digest", digestOf(bytes));
    expect(stderr).toMatch(/damaged or cut off|its digest is/);
    expect(code).toBe(1);
  });
});

test("an archive of a later format is refused by name", async () => {
  const { code, stderr } = await replay(Buffer.from('{"format":"dpo.dev/run-archive/v2"}\n'));
  expect([code, stderr]).toMatchObject([1, expect.stringContaining("use the dpo of the operator that wrote it")]);
});

test("a gate that was behind is replayed up to where it was, and one whose watch had begun counts from there", async () => {
  await using collector = await startCollector();
  await judge(collector);
  const early = await fold(collector, [10]);
  const late = await fold(collector, [10, 40]);
  const rollbackFrom = { samples: 5, sum: "3" };
  const watched = await fold(
    collector,
    [60],
    early.map((gate) => ({ ...gate, ...(gate.name === "compliance" && { rollbackFrom }) })),
  );
  const mixed = late.map((gate, i) =>
    gate.name === "cohorts" ? early[i] : gate.name === "compliance" ? watched[i] : gate,
  );
  const { code, stdout } = await replay(await archived(collector, requestOf(mixed as GateStatus[])), "--json");
  expect(JSON.parse(stdout).gates.map(({ same }: { same: boolean }) => same)).toEqual(Array(5).fill(true));
  expect(code).toBe(0);
});

describe("an archived run whose gates asked other systems", () => {
  const asking = canaryObject(
    canarySpec({
      gates: {
        winRate: {},
        metrics: [{ name: "p99", prometheus: { query: "p99" }, max: "0.8", maxBreaches: "10%" }],
        webhook: { endpoint: "board" },
      },
    }),
  ).spec;
  const entered = "2026-01-01T00:00:00.000Z";
  const answer = (sequence: number, said: NonNullable<Answer["said"]>): Answer => ({
    ...{ sequence, id: `a${sequence}`, at: entered, said },
  });
  const samples = Array.from({ length: 40 }, (_, i) => answer(i + 1, { type: "Metric", value: i < 20 ? 0.5 : 0.9 }));
  const verdicts = [answer(1, { type: "Webhook", verdict: "Pass", message: "fine" })];
  const told = { "metrics/p99": samples, webhook: verdicts };

  async function run(kept: Readonly<Record<string, readonly Answer[]>> = told, heard: typeof kept = told) {
    await using collector = await startCollector();
    const answers = Object.fromEntries(
      Object.entries(heard).map(([gate, records]) => [
        gate,
        { from: null, records, access: { type: "Readable" } as const },
      ]),
    );
    const readable = { from: null, records: [], access: { type: "Readable" } as const };
    const said = foldGates(asking, judged, [], { ...NO_EVIDENCE, comparisons: readable, answers }, look);
    for (const [gate, records] of Object.entries(kept)) {
      const body = { candidate: CANDIDATE.revision, since: entered, gate, answers: records };
      await collector.call("POST", "/v1/namespaces/team/canaries/assistant/asked", body, "dpo-system/dpo-manager");
    }
    const candidate = { ...CANDIDATE, entered };
    const request = archiveRequest({
      lastRun,
      candidate,
      stable: STABLE,
      gates: said,
      spec: asking,
      retriedAt: undefined,
    });
    const { code, stdout } = await replay(await archived(collector, request), "--json");
    const { gates } = JSON.parse(stdout);
    return {
      code,
      said,
      same: gates.map(({ name, same }: { name: string; same: boolean | null }) => [name, same]),
      gates,
    };
  }

  test("comes to their verdicts too, at the same answers", async () => {
    const { code, said, same, gates } = await run();
    expect(said.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["winRate", "Undecided"],
      ["metrics/p99", "Fail"],
      ["webhook", "Pass"],
    ]);
    expect([code, same]).toEqual([
      0,
      [
        ["winRate", true],
        ["metrics/p99", true],
        ["webhook", true],
      ],
    ]);
    expect(gates[1].replayed).toMatchObject({ verdict: "Fail", decidedAt: said[1]?.failedAt?.sequence, samples: 40 });
  });

  test("says of one that never got an answer that there was none", async () => {
    const { same } = await run({}, {});
    expect(same).toEqual([
      ["winRate", true],
      ["metrics/p99", true],
      ["webhook", true],
    ]);
  });

  test("of which one answer was never told says nothing of that gate", async () => {
    const { same } = await run({ ...told, "metrics/p99": samples.filter(({ sequence }) => sequence !== 7) });
    expect(same).toEqual([
      ["winRate", true],
      ["metrics/p99", null],
      ["webhook", true],
    ]);
    const { same: cut } = await run({ ...told, "metrics/p99": samples.slice(0, -1) });
    expect(cut).toEqual(same);
  });

  test("of which an answer is another one does not say what status said", async () => {
    const others = samples.map((each) => answer(each.sequence, { type: "Metric", value: 0.5 }));
    const { code, same } = await run({ ...told, "metrics/p99": others });
    expect([code, same]).toEqual([
      1,
      [
        ["winRate", true],
        ["metrics/p99", false],
        ["webhook", true],
      ],
    ]);
  });
});
