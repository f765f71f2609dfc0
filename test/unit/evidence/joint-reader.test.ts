import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type EvidenceAnswer, type EvidenceRead, LIMITS } from "../../../src/api/contracts/collector-api.ts";
import { createCollectorClient } from "../../../src/evidence/collector-client.ts";
import { CollectorError, CursorUnknown } from "../../../src/evidence/collector-error.ts";
import { createJointReader } from "../../../src/evidence/joint-reader.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { startCollector, type TestCollector } from "../collector/running-collector.ts";

const RUN = { namespace: "team", canary: "assistant", candidate: "c", stable: "s", cursor: null, limit: 1_000 };
const CANARY = "/v1/namespaces/team/canaries/assistant";
const GONE = { sequence: 1, id: "of another history" };

/** As the manager has it. */
async function readerOf({ url }: TestCollector) {
  const folder = await mkdtemp(join(tmpdir(), "dpo-reader-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, "dpo-system/dpo-manager");
  const client = createCollectorClient({ url, tokenFile }, createFakeClock());
  onTestFinished(async () => {
    await client.close();
    await rm(folder, { recursive: true });
  });
  return createJointReader(client);
}

async function addPair(collector: TestCollector, id: string, candidate: object): Promise<void> {
  const pair = { id, canary: "assistant", prompt: id, stable: { revision: "s", text: "old" }, candidate };
  await collector.call("POST", "/v1/namespaces/team/datasets/support/pairs", pair);
}

/** A collector that answers when the test says so: to each read that canary's name as its head. */
function answering() {
  const asked: EvidenceRead[][] = [];
  const answers: { give: (answers: readonly EvidenceAnswer[]) => void; fail: (error: Error) => void }[] = [];
  const reader = createJointReader({
    async *evidence(reads) {
      asked.push([...reads]);
      const { promise, resolve, reject } = Promise.withResolvers<readonly EvidenceAnswer[]>();
      answers.push({ give: resolve, fail: reject });
      yield* await promise;
    },
  });
  const ask = (head: number, signal = new AbortController().signal) =>
    reader.comparisons({ ...RUN, canary: `${head}`, signal });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    ask,
    turn,
    batches: () => asked.map((reads) => reads.map(({ canary }) => Number(canary))),
    async answer(count = Number.POSITIVE_INFINITY) {
      const reads = asked.at(-1)?.slice(0, count) ?? [];
      answers.at(-1)?.give(reads.map(({ canary }) => ({ comparisons: { records: [], head: Number(canary) } })));
      await turn();
    },
    async fail(error: Error) {
      answers.at(-1)?.fail(error);
      await turn();
    },
  };
}

test("comparisons, checks and ratings come each to whoever asked for them, without what no gate reads", async () => {
  await using collector = await startCollector();
  const reader = await readerOf(collector);
  await addPair(collector, "fails", { revision: "c", error: "HTTP 500" });
  await addPair(collector, "answers", { revision: "c", text: "new" });
  const posted = [{ id: "1", answer: "answers", violation: true, checker: "rules" }];
  await collector.call("POST", `${CANARY}/checks`, { checks: posted });
  const rate = (id: string, revision: string, value: number) =>
    collector.call("POST", `${CANARY}/ratings`, { ratings: [{ id, revision, rater: id, value }] });
  await rate("before the candidate's first", "s", 1);
  await rate("first", "c", 0.5);
  const pages = await Promise.all([reader.comparisons(RUN), reader.checks(RUN), reader.ratings(RUN)]);
  expect(pages).toMatchObject([
    { records: [{ outcome: 0, vote: 1 }] },
    { records: [{ violation: true }] },
    { records: [{ revision: "c", outcome: 0.5, vote: 1 }] },
  ]);
  const [comparisons, checks, { records }] = pages;
  expect(Object.keys({ ...comparisons.records[0], ...checks.records[0] })).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(unit|labeler|answer)$/)]),
  );
  await rate("second", "s", 1);
  const cursor = { sequence: records[0]?.sequence ?? 0, id: records[0]?.id ?? "" };
  expect(await reader.ratings({ ...RUN, cursor })).toMatchObject({ records: [{ revision: "s", outcome: 1 }] });
});

test("a cursor that the collector does not know is the trouble of whoever has it", async () => {
  await using collector = await startCollector();
  const reader = await readerOf(collector);
  await addPair(collector, "fails", { revision: "c", error: "HTTP 500" });
  const answers = await Promise.allSettled([
    reader.comparisons(RUN),
    reader.comparisons({ ...RUN, cursor: GONE }),
    reader.checks({ ...RUN, cursor: GONE }),
    reader.ratings({ ...RUN, cursor: GONE }),
  ]);
  const reasons = answers.map((answer) => answer.status === "rejected" && answer.reason);
  expect(reasons).toEqual([false, expect.any(CursorUnknown), expect.any(CursorUnknown), expect.any(CursorUnknown)]);
});

test("whoever asks while an answer is on its way is in the next request with the others who do", async () => {
  const { ask, turn, answer, batches } = answering();
  const asked = [ask(1), ask(2)];
  await turn();
  asked.push(ask(3), ask(4), ask(5));
  await turn();
  expect(batches()).toEqual([[1, 2]]);
  await answer();
  expect(batches()).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  await answer();
  expect((await Promise.all(asked)).map(({ head }) => head)).toEqual([1, 2, 3, 4, 5]);
  asked.push(ask(6));
  await turn();
  expect(batches().at(-1)).toEqual([6]);
});

test("more than one request may have are several, one after the other", async () => {
  const { ask, turn, answer, batches } = answering();
  const all = Array.from({ length: LIMITS.reads + 1 }, (_, index) => ask(index));
  await turn();
  expect(batches().map(({ length }) => length)).toEqual([LIMITS.reads]);
  await answer();
  expect(batches().map(({ length }) => length)).toEqual([LIMITS.reads, 1]);
  await answer();
  expect((await Promise.all(all)).at(-1)).toMatchObject({ head: LIMITS.reads });
});

test("a request that fails, fails for all who were in it, and for nobody else", async () => {
  const { ask, turn, answer, fail } = answering();
  const first = Promise.allSettled([ask(1), ask(2)]);
  await turn();
  const next = ask(3);
  await fail(new CollectorError("Unreachable", 0, "connection refused"));
  expect((await first).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await answer();
  expect(await next).toMatchObject({ head: 3 });
});

test("whoever got no line of the answer is told so, the others have theirs", async () => {
  const { ask, turn, answer } = answering();
  const asked = Promise.allSettled([ask(1), ask(2)]);
  await turn();
  await answer(1);
  expect(await asked).toMatchObject([
    { value: { head: 1 } },
    { reason: { reason: "AnswerNotUnderstood", message: expect.stringContaining("1 of 2") } },
  ]);
});

test("whoever has hung up before it is asked is not asked for", async () => {
  const { ask, turn, answer, batches } = answering();
  const hangUp = new AbortController();
  const asked = Promise.allSettled([ask(1, hangUp.signal), ask(2)]);
  hangUp.abort(new Error("no longer"));
  await turn();
  expect(batches()).toEqual([[2]]);
  await answer();
  expect(await asked).toMatchObject([{ reason: { message: "no longer" } }, { value: { head: 2 } }]);
});
