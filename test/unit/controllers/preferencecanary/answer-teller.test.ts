import { afterEach, expect, it } from "vitest";
import {
  type AnswerTeller,
  createAnswerTeller,
} from "../../../../src/controllers/preferencecanary/archive/answer-teller.ts";
import type { AskedToPost } from "../../../../src/evidence/collector-client.ts";
import { CollectorError } from "../../../../src/evidence/collector-error.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../../src/telemetry/logger.ts";

const CANARY = { namespace: "team", name: "assistant" };
const at = "2026-01-01T00:00:00.000Z";
const answered = (sequence: number) => ({
  ...{ candidate: "b", since: at, gate: "webhook" },
  answers: [{ sequence, id: String(sequence), at }],
});

let teller: AnswerTeller | undefined;
afterEach(() => teller?.stop());

function telling() {
  const clock = createFakeClock();
  const collector = { isDown: false, told: [] as number[], attempts: 0 };
  teller = createAnswerTeller({
    collector: {
      async postAsked({ namespace, canary, answers }: AskedToPost) {
        collector.attempts += 1;
        if (collector.isDown) throw new CollectorError("Unreachable", 0, "POST …/asked: connect ECONNREFUSED");
        expect([namespace, canary]).toEqual(["team", "assistant"]);
        collector.told.push(...answers.map(({ sequence }) => sequence));
        return { answers: answers.length };
      },
    },
    clock,
    random: () => 0.5,
    logger: silentLogger(),
  });
  return { clock, collector, teller };
}

it("tells what waits of one gate at once, in its order, and nothing where nothing was said", async () => {
  const { clock, collector, teller } = telling();
  for (const sequence of [1, 2, 3]) teller.tell(CANARY, answered(sequence));
  teller.tell(CANARY, { ...answered(4), answers: [] });
  await clock.advance(0);
  expect([collector.told, collector.attempts]).toEqual([[1, 2, 3], 2]);
});

it("tells a collector that was away what it has missed, each once", async () => {
  const { clock, collector, teller } = telling();
  collector.isDown = true;
  for (const sequence of [1, 2]) teller.tell(CANARY, answered(sequence));
  await clock.advance(5_000);
  expect(collector.told).toEqual([]);
  collector.isDown = false;
  await clock.advance(60_000);
  expect(collector.told).toEqual([1, 2]);
});

it("keeps so many waiting and no more: a collector that stays away fills no memory", async () => {
  const { clock, collector, teller } = telling();
  collector.isDown = true;
  for (let sequence = 1; sequence <= 12_000; sequence += 1)
    teller.tell(CANARY, { ...answered(sequence), gate: `metrics/${sequence % 20}` });
  await clock.advance(0);
  collector.isDown = false;
  await clock.advance(60_000);
  expect(collector.told.length).toBeGreaterThanOrEqual(10_000);
  expect(collector.told.length).toBeLessThan(10_010);
});

it("tells nothing more once it is stopped", async () => {
  const { clock, collector, teller } = telling();
  collector.isDown = true;
  teller.tell(CANARY, answered(1));
  await clock.advance(0);
  teller.stop();
  collector.isDown = false;
  teller.tell(CANARY, answered(2));
  await clock.advance(60_000);
  expect(collector.told).toEqual([]);
});
