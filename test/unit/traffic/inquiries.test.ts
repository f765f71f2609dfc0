import { describe, expect, it } from "vitest";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { createInquiries, type Finding, type Question } from "../../../src/traffic/inquiries.ts";

const CANARY = { namespace: "chat", name: "assistant" };
const CONFIRMED: Finding = { type: "Confirmed" };
const BEHIND: Finding = { type: "Denied", words: "still answers with the weights before" };
const SILENT: Finding = { type: "Unanswered", words: "has no address" };

function setUp() {
  const clock = createFakeClock();
  let wakes = 0;
  const inquiries = createInquiries({ clock, wake: () => void wakes++ });
  return { clock, inquiries, wakes: () => wakes };
}

/** A question that is answered as the script says, its last line from then on. */
function question(id: string, script: readonly (Finding | "fails" | "hangs")[], subject = "weights") {
  const asked = { times: 0, pending: 0, aborted: 0 };
  const ask: Question["ask"] = async (signal) => {
    const answer = script[Math.min(asked.times++, script.length - 1)] ?? CONFIRMED;
    if (answer === "fails") throw new Error("the wire is cut");
    if (answer !== "hangs") return answer;
    asked.pending += 1;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        asked.aborted += 1;
        asked.pending -= 1;
        reject(signal.reason);
      });
    });
  };
  return { asked, question: { subject, id, ask, longestSilenceMs: 600_000 } };
}

describe("asking in the background", () => {
  it("never waits: what is known comes with the next read, and somebody is woken for it", async () => {
    const { clock, inquiries, wakes } = setUp();
    const { question: live } = question("1", [CONFIRMED]);
    expect(inquiries.read(CANARY, [live]).get("weights")).toBeUndefined();
    await clock.advance(0);
    expect(wakes()).toBe(1);
    expect(inquiries.read(CANARY, [live]).get("weights")).toEqual(CONFIRMED);
  });

  it("asks until it is confirmed, ever less often, and not again", async () => {
    const { clock, inquiries, wakes } = setUp();
    const { question: live, asked } = question("1", [...Array<Finding>(30).fill(BEHIND), CONFIRMED]);
    inquiries.read(CANARY, [live]);
    await clock.advance(60_000);
    expect(asked.times).toBeLessThan(15);
    expect(wakes()).toBe(1);
    expect(inquiries.read(CANARY, [live]).get("weights")).toEqual(BEHIND);
    await clock.advance(3_600_000);
    expect(asked.times).toBe(31);
    expect(wakes()).toBe(2);
    expect(clock.pending()).toBe(0);
  });

  it("asks on after a yes where that is wanted, and changes its mind after five answers in a row, a second apart", async () => {
    const { clock, inquiries, wakes } = setUp();
    const no = [BEHIND, SILENT, BEHIND, SILENT];
    const yes = Array<Finding>(4).fill(CONFIRMED);
    const script = [CONFIRMED, ...no, CONFIRMED, ...no, BEHIND, ...yes, BEHIND, ...yes, CONFIRMED];
    const { question: once, asked } = question("1", script);
    const followed = { ...once, againMs: 5_000 };
    inquiries.read(CANARY, [followed]);
    const found = () => inquiries.read(CANARY, [followed]).get("weights");
    await clock.advance(5_000 + 4_000);
    expect([found(), asked.times]).toEqual([CONFIRMED, 6]);
    await clock.advance(5_000 + 3_000);
    expect([found(), asked.times]).toEqual([CONFIRMED, 10]);
    await clock.advance(1_000);
    expect([found(), asked.times, wakes()]).toEqual([BEHIND, 11, 2]);
    await clock.advance(9_000);
    expect([found(), asked.times]).toEqual([BEHIND, 20]);
    await clock.advance(1_000);
    expect([found(), asked.times, wakes()]).toEqual([CONFIRMED, 21, 3]);
    await clock.advance(600_000);
    expect(asked.times).toBeGreaterThan(120);
  });

  it("asks who says nothing every ten minutes at most", async () => {
    const { clock, inquiries } = setUp();
    const { question: live, asked } = question("1", [SILENT]);
    inquiries.read(CANARY, [live]);
    await clock.advance(6_000_000);
    const { times } = asked;
    await clock.advance(6_000_000);
    expect(asked.times - times).toBe(10);
  });

  it("has one request under way at most, however long that takes and however often somebody reads", async () => {
    const { clock, inquiries } = setUp();
    const { question: live, asked } = question("1", ["hangs"]);
    for (let i = 0; i < 100; i++) {
      inquiries.read(CANARY, [live]);
      await clock.advance(1_000);
    }
    expect(asked).toMatchObject({ times: 1, pending: 1 });
  });

  it("asks at most 32 questions of all canaries at the same time", async () => {
    const { clock, inquiries } = setUp();
    const asked = Array.from({ length: 40 }, (_, index) => {
      const { question: live, asked: answers } = question("1", ["hangs"]);
      inquiries.read({ namespace: "chat", name: `canary-${index}` }, [live]);
      return answers;
    });
    await clock.advance(1_000);
    expect(asked.filter(({ pending }) => pending === 1)).toHaveLength(32);
    inquiries.forget({ namespace: "chat", name: "canary-0" });
    await clock.advance(0);
    expect(asked[32]?.pending).toBe(1);
  });

  it("takes an error for no answer, with its words, once it has come three times in a row, and asks again", async () => {
    const { clock, inquiries } = setUp();
    const { question: live } = question("1", ["fails", "fails", "fails", CONFIRMED]);
    inquiries.read(CANARY, [live]);
    await clock.advance(100);
    expect(inquiries.read(CANARY, [live]).get("weights")).toBeUndefined();
    await clock.advance(200);
    expect(inquiries.read(CANARY, [live]).get("weights")).toEqual({ type: "Unanswered", words: "the wire is cut" });
    await clock.advance(400);
    expect(inquiries.read(CANARY, [live]).get("weights")).toEqual(CONFIRMED);
  });

  it("does not forget who is behind for a request or two that are lost", async () => {
    const { clock, inquiries, wakes } = setUp();
    const { question: live } = question("1", [BEHIND, "fails", "fails", BEHIND, CONFIRMED]);
    inquiries.read(CANARY, [live]);
    for (const ms of [0, 100, 200, 400]) {
      await clock.advance(ms);
      expect(inquiries.read(CANARY, [live]).get("weights")).toEqual(BEHIND);
    }
    expect(wakes()).toBe(1);
  });

  it("forgets what it knew when the question is another one, and stops the one before", async () => {
    const { clock, inquiries } = setUp();
    const first = question("1", [CONFIRMED]);
    inquiries.read(CANARY, [first.question]);
    await clock.advance(0);
    const second = question("2", ["hangs"]);
    expect(inquiries.read(CANARY, [second.question]).get("weights")).toBeUndefined();
    const third = question("3", [CONFIRMED]);
    inquiries.read(CANARY, [third.question]);
    await clock.advance(0);
    expect(second.asked.aborted).toBe(1);
    expect(inquiries.read(CANARY, [third.question]).get("weights")).toEqual(CONFIRMED);
  });

  it("takes who gave no answer to the last question for giving none to the next, until it does", async () => {
    const { clock, inquiries } = setUp();
    inquiries.read(CANARY, [question("1", [SILENT]).question]);
    await clock.advance(300);
    const { question: next } = question("2", ["hangs"]);
    expect(inquiries.read(CANARY, [next]).get("weights")).toEqual(SILENT);
    const { question: after } = question("3", [BEHIND]);
    inquiries.read(CANARY, [after]);
    await clock.advance(0);
    expect(inquiries.read(CANARY, [after]).get("weights")).toEqual(BEHIND);
  });

  it("stops a question that is not read with the others, all of a canary that is gone, and everything at the end", async () => {
    const { clock, inquiries, wakes } = setUp();
    const [weights, arm] = [question("1", ["hangs"]), question("1", ["hangs"], "7c9f01ab23")];
    inquiries.read(CANARY, [weights.question, arm.question]);
    inquiries.read(CANARY, [weights.question]);
    expect([weights.asked.aborted, arm.asked.aborted]).toEqual([0, 1]);
    inquiries.forget(CANARY);
    expect(weights.asked.aborted).toBe(1);
    const other = question("1", [BEHIND]);
    inquiries.read({ namespace: "chat", name: "other" }, [other.question]);
    await clock.advance(0);
    const { times } = other.asked;
    inquiries.stop();
    await clock.advance(3_600_000);
    expect(other.asked.times).toBe(times);
    expect(inquiries.read(CANARY, [weights.question]).size).toBe(0);
    expect(weights.asked.times).toBe(1);
    expect(wakes()).toBe(1);
  });
});
