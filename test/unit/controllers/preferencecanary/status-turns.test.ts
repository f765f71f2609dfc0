import { describe, expect, it } from "vitest";
import type { Urgency } from "../../../../src/controllers/preferencecanary/status.ts";
import { createStatusTurns } from "../../../../src/controllers/preferencecanary/status-turns.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";

function createTurns() {
  const clock = createFakeClock();
  const woken: string[] = [];
  const turns = createStatusTurns({ clock, wake: ({ name }) => void woken.push(name) });
  const begin = (name: string, how: Urgency) => turns.begin({ name }, how);
  const ask = (name: string) => turns.ask({ name });
  return { clock, woken, ...turns, begin, ask, leave: (name: string) => turns.leave({ name }) };
}

/** Four are being written. */
function busyTurns() {
  const turns = createTurns();
  for (const name of ["one", "two", "three", "four"]) turns.begin(name, "Soon");
  return turns;
}

describe("turns at writing status", () => {
  it("are four at once; whoever waits is woken when one ends, verdicts before numbers", () => {
    const { begin, end, woken } = busyTurns();
    expect(begin("numbers", "InTurn")).toBe(false);
    expect(begin("verdict", "Soon")).toBe(false);
    expect(begin("verdict", "Soon")).toBe(false);
    expect(woken).toEqual([]);
    end();
    expect(woken).toEqual(["verdict"]);
    expect(begin("verdict", "Soon")).toBe(true);
    expect(begin("late", "Soon")).toBe(false);
    end();
    expect(woken).toEqual(["verdict", "late"]);
    end();
    expect(woken).toEqual(["verdict", "late", "numbers"]);
  });

  it("are not waited for by what has happened to a run", () => {
    expect(busyTurns().begin("bad", "Now")).toBe(true);
  });

  it("come to numbers one after the other, ten a second, in the order in which they were asked for", async () => {
    const { begin, end, woken, clock } = createTurns();
    expect(begin("first", "InTurn")).toBe(true);
    end();
    expect(begin("second", "InTurn")).toBe(false);
    expect(begin("third", "InTurn")).toBe(false);
    expect(begin("second", "InTurn")).toBe(false);
    await clock.advance(99);
    expect(woken).toEqual([]);
    await clock.advance(1);
    expect(woken).toEqual(["second"]);
    await clock.advance(100);
    expect(woken).toEqual(["second", "third"]);
  });

  it("keep the place of whoever asks again before it comes", async () => {
    const { begin, end, woken, clock } = createTurns();
    begin("first", "InTurn");
    end();
    for (const name of ["second", "third", "second", "fourth", "second"]) begin(name, "InTurn");
    await clock.advance(300);
    expect(woken).toEqual(["second", "third", "fourth"]);
  });

  it("come to a canary's numbers ten seconds after its last status, and hold up nobody else's meanwhile", async () => {
    const { begin, end, ask, woken, clock } = createTurns();
    begin("busy", "Now");
    end();
    ask("busy");
    ask("quiet");
    expect(woken).toEqual(["quiet"]);
    await clock.advance(9_999);
    expect(woken).toEqual(["quiet"]);
    await clock.advance(1);
    expect(woken).toEqual(["quiet", "busy"]);
  });

  it("come once to whoever says again and again that its numbers are new", async () => {
    const { begin, end, ask, woken, clock } = createTurns();
    for (let index = 0; index < 3; index += 1) ask("busy");
    expect(woken).toEqual(["busy"]);
    await clock.advance(1_000);
    expect(begin("busy", "InTurn")).toBe(true);
    end();
    for (let index = 0; index < 3; index += 1) ask("busy");
    await clock.advance(20_000);
    expect(woken).toEqual(["busy", "busy"]);
  });

  it("come to the numbers of a thousand within two minutes", async () => {
    const { begin, end, ask, woken, clock } = createTurns();
    const names = Array.from({ length: 1_000 }, (_, index) => `canary-${index}`);
    for (const name of names) ask(name);
    for (let ms = 0; ms < 100_000; ms += 100) {
      const name = woken.at(-1) ?? "";
      if (begin(name, "InTurn")) end();
      ask(name);
      await clock.advance(100);
    }
    expect(new Set(woken.slice(0, 1_000))).toEqual(new Set(names));
  });

  it("are not taken from whoever was woken by one who comes meanwhile", async () => {
    const { begin, end, woken, clock } = createTurns();
    begin("first", "InTurn");
    end();
    begin("second", "InTurn");
    await clock.advance(100);
    expect(woken).toEqual(["second"]);
    expect(begin("third", "InTurn")).toBe(false);
    await clock.advance(80);
    expect(begin("second", "InTurn")).toBe(true);
    await clock.advance(20);
    expect(woken).toEqual(["second", "third"]);
  });

  it("are passed on by whoever has nothing to write any more, or has failed", () => {
    const { begin, end, leave, passOn, woken } = busyTurns();
    for (const name of ["content", "in conflict", "last"]) begin(name, "Soon");
    passOn();
    expect(woken).toEqual([]);
    end();
    expect(woken).toEqual(["content"]);
    leave("content");
    expect(woken).toEqual(["content", "in conflict"]);
    passOn();
    expect(woken).toEqual(["content", "in conflict", "last"]);
  });

  it("do not come to who has left", async () => {
    const { begin, end, leave, woken, clock } = busyTurns();
    begin("gone", "Soon");
    begin("gone too", "InTurn");
    leave("gone");
    leave("gone too");
    end();
    await clock.advance(1_000);
    expect(woken).toEqual([]);
  });
});
