import { afterEach, expect, it } from "vitest";
import { digestOf } from "../../../../src/artifacts/digest.ts";
import { type Archiver, createArchiver } from "../../../../src/controllers/preferencecanary/archive/archiver.ts";
import type { RunToArchive } from "../../../../src/evidence/collector-client.ts";
import { CollectorError } from "../../../../src/evidence/collector-error.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../../src/telemetry/logger.ts";

const CANARY = { namespace: "team", name: "assistant" };
const request = { candidate: "b", stable: "a", until: {}, run: { outcome: "Promoted" } };
const ended = (revision: string) => ({
  revision,
  time: "2026-01-01T00:00:00Z",
  request: JSON.stringify({ ...request, candidate: revision }),
});

let archiver: Archiver | undefined;
afterEach(() => archiver?.stop());

/** A collector that answers when the test says so, and refuses while it is down. */
function archiving() {
  const clock = createFakeClock();
  const calls: RunToArchive[] = [];
  const woken: string[] = [];
  const collector = { isDown: false, answers: [] as (() => void)[] };
  archiver = createArchiver({
    collector: {
      async archive(run) {
        calls.push(run);
        await new Promise<void>((resolve) => collector.answers.push(resolve));
        if (collector.isDown) throw new CollectorError("Unreachable", 0, "POST …/archives: connect ECONNREFUSED");
        const digest = digestOf(run.request.candidate);
        return { digest, path: `/v1/namespaces/team/canaries/assistant/archives/${digest}` };
      },
    },
    collectorUrl: "http://collector:8080",
    clock,
    logger: silentLogger(),
    wake: ({ name }) => woken.push(name),
  });
  const turn = () => clock.advance(0);
  async function answer() {
    collector.answers.shift()?.();
    await turn();
  }
  return { archiver, calls, woken, collector, clock, turn, answer };
}

const archiveOf = (revision: string) => {
  const digest = digestOf(revision);
  return {
    archive: { digest, uri: `http://collector:8080/v1/namespaces/team/canaries/assistant/archives/${digest}` },
  };
};

it("asks once however often it is read, and wakes whoever reads when there is an archive", async () => {
  const { archiver: runs, calls, woken, turn, answer } = archiving();
  for (let i = 0; i < 3; i++) {
    expect(runs.read(CANARY, [ended("b")])).toEqual(new Map());
    await turn();
  }
  expect(calls).toMatchObject([{ namespace: "team", canary: "assistant", request: { candidate: "b" } }]);
  await answer();
  expect(woken).toEqual(["assistant"]);
  expect([...runs.read(CANARY, [ended("b")]).values()]).toEqual([archiveOf("b")]);
});

it("asks about one run after the other, and says why there is no archive yet until there is one", async () => {
  const { archiver: runs, calls, collector, clock, turn, answer } = archiving();
  const wanted = [ended("b"), ended("c")];
  runs.read(CANARY, wanted);
  await turn();
  expect(calls).toHaveLength(1);
  collector.isDown = true;
  await answer();
  expect([...runs.read(CANARY, wanted).values()]).toEqual([{ problem: expect.stringContaining("ECONNREFUSED") }]);
  collector.isDown = false;
  await answer();
  await clock.advance(29_000);
  expect(calls.map(({ request: { candidate } }) => candidate)).toEqual(["b", "c"]);
  await clock.advance(1_000);
  await answer();
  expect([...runs.read(CANARY, wanted).values()]).toEqual([archiveOf("b"), archiveOf("c")]);
});

it("asks ever less often about a run that cannot be archived, and goes on asking", async () => {
  const { archiver: runs, calls, collector, clock, turn, answer } = archiving();
  collector.isDown = true;
  runs.read(CANARY, [ended("b")]);
  await turn();
  const waits = [30_000, 60_000, 120_000, 240_000, 480_000, 960_000, 1_920_000, 3_600_000, 3_600_000];
  for (const [failures, wait] of waits.entries()) {
    await answer();
    await clock.advance(wait - 1_000);
    expect(calls).toHaveLength(failures + 1);
    await clock.advance(1_000);
    expect(calls).toHaveLength(failures + 2);
  }
});

it("lets go of a run that is not wanted any more, and of all of them when it is stopped", async () => {
  const { archiver: runs, calls, clock, turn, answer } = archiving();
  runs.read(CANARY, [ended("b"), ended("c")]);
  await turn();
  runs.read(CANARY, [ended("d")]);
  expect(calls[0]?.signal?.aborted).toBe(true);
  await answer();
  runs.stop();
  await answer();
  await clock.advance(600_000);
  expect(calls.map(({ request: { candidate } }) => candidate)).toEqual(["b", "d"]);
});

it("asks anew about a run that is to be archived otherwise than before", async () => {
  const { archiver: runs, calls, turn, answer } = archiving();
  runs.read(CANARY, [ended("b")]);
  await turn();
  await answer();
  const other = { ...ended("b"), request: JSON.stringify({ ...request, stable: "c" }) };
  expect(runs.read(CANARY, [other])).toEqual(new Map());
  await turn();
  expect(calls.map(({ request: { stable } }) => stable)).toEqual(["a", "c"]);
});

it("says what is wrong where somebody else has written into what it asks for", async () => {
  const { archiver: runs, calls, turn } = archiving();
  const spoilt = { ...ended("b"), request: "{" };
  runs.read(CANARY, [spoilt]);
  await turn();
  expect([...runs.read(CANARY, [spoilt]).values()]).toEqual([{ problem: expect.stringMatching(/JSON/) }]);
  expect(calls).toEqual([]);
});
