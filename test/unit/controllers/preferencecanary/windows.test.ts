import { describe, expect, it } from "vitest";
import { openingOf } from "../../../../src/controllers/preferencecanary/run/windows.ts";

const officeHours = { schedule: "0 9 * * 1-5", duration: "8h", timeZone: "Europe/Berlin" };
const holidays = { schedule: "0 0 24 12 *", duration: "192h", timeZone: "Europe/Berlin" };

function opening(at: string, windows = [officeHours], freezes: typeof windows = []) {
  const found = openingOf({ windows, freezes }, new Date(at));
  if (found.isOpen) return "open";
  return "opens" in found ? found.opens.toISOString() : found.problem;
}

describe("when a candidate may be promoted", () => {
  it.each([
    ["at any time without windows", "2026-11-24T03:00:00Z", [], [], "open"],
    ["at the moment in which a window begins", "2026-11-24T08:00:00Z", [officeHours], [], "open"],
    ["not a moment before", "2026-11-24T07:59:59Z", [officeHours], [], "2026-11-24T08:00:00.000Z"],
    ["not at the moment in which it ends", "2026-11-24T16:00:00Z", [officeHours], [], "2026-11-25T08:00:00.000Z"],
    ["not at the weekend", "2026-11-28T10:00:00Z", [officeHours], [], "2026-11-30T08:00:00.000Z"],
    ["by the clock of the time zone, in summer an hour earlier", "2026-07-01T07:00:00Z", [officeHours], [], "open"],
    [
      "not in a freeze, whatever the windows say",
      "2026-12-28T10:00:00Z",
      [officeHours],
      [holidays],
      "2027-01-01T08:00:00.000Z",
    ],
    ["not in a freeze, where there are no windows", "2026-12-28T10:00:00Z", [], [holidays], "2026-12-31T23:00:00.000Z"],
  ] as const)("%s", (_, at, windows, freezes, expected) => {
    expect(opening(at, [...windows], [...freezes])).toBe(expected);
  });

  it("never, where freezes lie over every window, and says so", () => {
    const always = { schedule: "0 0 * * *", duration: "24h", timeZone: "Etc/UTC" };
    expect(opening("2026-11-24T10:00:00Z", [officeHours], [always])).toMatch(/^spec\.freezes lie over every window/);
  });

  it("never by a schedule or a zone that does not exist, and says which", () => {
    expect(opening("2026-11-24T10:00:00Z", [{ ...officeHours, schedule: "0 25 * * *" }])).toMatch(
      /^spec\.windows\[0\] cannot be read: schedule "0 25 \* \* \*" in Europe\/Berlin: /,
    );
    expect(opening("2026-11-24T10:00:00Z", [{ ...officeHours, timeZone: "Europe/Atlantis" }])).toMatch(/Atlantis/);
  });
});
