import { expect, test } from "vitest";
import { CANARY, comparisons, DATASET, pairOf } from "./judging.ts";
import { startCollector, type TestCollector } from "./running-collector.ts";

/** A comparison without a labeler: the candidate failed to answer. */
async function decide(collector: TestCollector, id: string, over: object = {}): Promise<number> {
  const failed = { candidate: { revision: "ca4d1da7e0", error: "HTTP 500" }, ...over };
  const { body } = await collector.call("POST", `${DATASET}/pairs`, pairOf(id, failed));
  return body.sequence;
}

interface Listed {
  sequence: number;
  id: string;
}

test("a reader with a cursor gets what came after it, in order, page by page", async () => {
  await using collector = await startCollector();
  for (let index = 0; index < 7; index += 1) await decide(collector, `p${index}`);
  const seen: number[] = [];
  let cursor = "";
  for (;;) {
    const { body } = await comparisons(collector, `&limit=3${cursor}`);
    expect(body.head).toBe(7);
    const records: Listed[] = body.records;
    const last = records.at(-1);
    if (last === undefined) break;
    seen.push(...records.map(({ sequence }) => sequence));
    cursor = `&after=${last.sequence}&afterId=${last.id}`;
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("each pair of revisions has a stream of its own", async () => {
  await using collector = await startCollector();
  await decide(collector, "p");
  await decide(collector, "q", { candidate: { revision: "0e3e3e3e30", error: "HTTP 500" } });
  const { body } = await comparisons(collector, "", "candidate=0e3e3e3e30&stable=5ab1e00000");
  expect(body).toMatchObject({ records: [{ sequence: 2, vote: 1 }], head: 2 });
  const none = await comparisons(collector, "", "candidate=0e3e3e3e30&stable=another");
  expect(none.body).toEqual({ records: [], head: 0 });
});

test("a cursor that the stream does not know is gone, not empty", async () => {
  await using collector = await startCollector();
  await decide(collector, "p");
  const { records } = (await comparisons(collector)).body;
  const id = records[0].id;
  const gone = { status: 410, body: { error: { reason: "CursorUnknown", path: "after" } } };
  expect(await comparisons(collector, `&after=1&afterId=${id}`)).toMatchObject({ status: 200, body: { records: [] } });
  expect(await comparisons(collector, "&after=1&afterId=other")).toMatchObject(gone);
  expect(await comparisons(collector, `&after=2&afterId=${id}`)).toMatchObject(gone);
  expect(await comparisons(collector, `&after=1&afterId=${id}`, "candidate=x&stable=5ab1e00000")).toMatchObject(gone);
  expect(await comparisons(collector, "&after=1")).toMatchObject({ status: 422, body: { error: { path: "afterId" } } });
});

test("a store that was restored and went on differently does not know the cursors of the lost records", async () => {
  await using collector = await startCollector();
  await using restored = await startCollector({ dependencies: { random: Math.random } });
  await decide(collector, "p");
  await decide(restored, "p");
  const { records } = (await comparisons(collector)).body;
  const answer = await comparisons(restored, `&after=1&afterId=${records[0].id}`);
  expect(answer).toMatchObject({ status: 410, body: { error: { reason: "CursorUnknown" } } });
});

test("the candidate's answers are checked once each, and verdicts are a stream with cursors", async () => {
  await using collector = await startCollector();
  await collector.call("POST", `${DATASET}/pairs`, pairOf("p"));
  await collector.call("POST", `${DATASET}/pairs`, pairOf("q", { stable: { revision: "5ab1e00000", error: "down" } }));
  const same = { candidate: { revision: "ca4d1da7e0", text: "old same" } };
  await collector.call("POST", `${DATASET}/pairs`, pairOf("same", same));
  await decide(collector, "no answer");
  const unchecked = `${CANARY}/answers?candidate=ca4d1da7e0&unchecked=true`;
  expect((await collector.call("GET", unchecked)).body).toEqual({
    answers: [
      { id: "p", prompt: "prompt of p", text: "new p" },
      { id: "q", prompt: "prompt of q", text: "new q" },
      { id: "same", prompt: "prompt of same", text: "old same" },
    ],
  });

  const checks = [
    { id: "1", answer: "p", violation: true, checker: "rules", reason: "insult" },
    { id: "2", answer: "p", violation: false, checker: "other" },
    { id: "3", answer: "unknown", violation: false, checker: "rules" },
    { id: "4", answer: "q", violation: "no", checker: "rules" },
    { id: "5", answer: "q", violation: false, checker: "rules" },
    { id: "6", answer: "p", violation: false, checker: "rules" },
  ];
  const posted = await collector.call("POST", `${CANARY}/checks`, { checks });
  expect(posted.status).toBe(200);
  expect(posted.body.results).toMatchObject([{ index: 0 }, { index: 1 }, { index: 4 }]);
  expect(posted.body.rejected).toMatchObject([
    { index: 2, reason: "AnswerUnknown", path: "checks[2].answer" },
    { index: 3, reason: "Invalid", path: "checks[3].violation" },
    { index: 5, reason: "AlreadyChecked", path: "checks[5].answer" },
  ]);
  const again = await collector.call("POST", `${CANARY}/checks`, { checks: [checks[0]] });
  expect(again.body.results).toEqual([{ ...posted.body.results[0], result: "Duplicate" }]);

  expect((await collector.call("GET", unchecked)).body.answers).toMatchObject([{ id: "same" }]);
  const all = await collector.call("GET", `${CANARY}/answers?candidate=ca4d1da7e0`);
  expect(all.body.answers).toHaveLength(3);
  const stream = `${CANARY}/checks?candidate=ca4d1da7e0`;
  const { body } = await collector.call("GET", stream);
  expect(body).toMatchObject({
    records: [
      { answer: "p", violation: true },
      { answer: "p", violation: false, corrects: posted.body.results[0].sequence },
      { answer: "q", violation: false },
    ],
    head: posted.body.sequence,
  });
  const [first] = body.records as Listed[];
  const rest = await collector.call("GET", `${stream}&after=${first?.sequence}&afterId=${first?.id}`);
  expect(rest.body.records).toMatchObject([{ answer: "p" }, { answer: "q" }]);
  expect((await collector.call("GET", `${stream}&after=${first?.sequence}&afterId=x`)).status).toBe(410);
});

test("unchecked answers are a bounded queue", async () => {
  await using collector = await startCollector({ config: { queueLimit: 2 } });
  for (const id of ["a", "b", "c"]) await collector.call("POST", `${DATASET}/pairs`, pairOf(id));
  const { body } = await collector.call("GET", `${CANARY}/answers?candidate=ca4d1da7e0&unchecked=true`);
  expect(body.answers.map(({ id }: Listed) => id)).toEqual(["b", "c"]);
});
