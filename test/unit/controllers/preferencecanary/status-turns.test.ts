import { describe, expect, it } from "vitest";
import type { Urgency } from "../../../../src/controllers/preferencecanary/status.ts";
import { createStatusTurns } from "../../../../src/controllers/preferencecanary/status-turns.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";

function createTurns() {
  const clock = createFakeClock();
  const woken: string[] = [];
  const turns = createStatusTurns({ clock, wake: ({ name }) => void woken.push(name) });
  const begin = (name: string, how: Urgency) => turns.begin({ name }, how);
  return { clock, woken, ...turns, begin, leave: (name: string) => turns.leave({ name }) };
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

  it("come to numbers one after the other, twenty a second, in the order in which they were asked for", async () => {
    const { begin, end, woken, clock } = createTurns();
    expect(begin("first", "InTurn")).toBe(true);
    end();
    expect(begin("second", "InTurn")).toBe(false);
    expect(begin("third", "InTurn")).toBe(false);
    expect(begin("second", "InTurn")).toBe(false);
    await clock.advance(49);
    expect(woken).toEqual([]);
    await clock.advance(1);
    expect(woken).toEqual(["second"]);
    await clock.advance(50);
    expect(woken).toEqual(["second", "third"]);
  });

  it("keep the place of whoever asks again before it comes", async () => {
    const { begin, end, woken, clock } = createTurns();
    begin("first", "InTurn");
    end();
    for (const name of ["second", "third", "second", "fourth", "second"]) begin(name, "InTurn");
    await clock.advance(150);
    expect(woken).toEqual(["second", "third", "fourth"]);
  });

  it("are not taken from whoever was woken by one who comes meanwhile", async () => {
    const { begin, end, woken, clock } = createTurns();
    begin("first", "InTurn");
    end();
    begin("second", "InTurn");
    await clock.advance(50);
    expect(woken).toEqual(["second"]);
    expect(begin("third", "InTurn")).toBe(false);
    await clock.advance(30);
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
