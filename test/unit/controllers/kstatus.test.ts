import { describe, expect, test } from "vitest";
import { type Standing, standingConditions } from "../../../src/controllers/kstatus.ts";

const said = (standing: Standing, stillReady?: Parameters<typeof standingConditions>[4]) =>
  standingConditions(standing, "Why", "because", 3, stillReady).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  );

describe("the conditions of a standing", () => {
  test("say why on Ready, and on what is True of the other two", () => {
    expect(said("Ready")).toEqual(["Ready=True Why: because", "Reconciling=False Why: ", "Stalled=False Why: "]);
    expect(said("NotReady")).toEqual(["Ready=False Why: because", "Reconciling=False Why: ", "Stalled=False Why: "]);
    expect(said("InProgress")).toEqual([
      "Ready=Unknown Why: because",
      "Reconciling=True Why: because",
      "Stalled=False Why: ",
    ]);
    expect(said("Stalled")).toEqual([
      "Ready=False Why: because",
      "Reconciling=False Why: ",
      "Stalled=True Why: because",
    ]);
  });

  test("tell of what goes on to be good beside what is being done", () => {
    expect(said("InProgress", { reason: "Good", message: "the last one" })).toEqual([
      "Ready=True Good: the last one",
      "Reconciling=True Why: because",
      "Stalled=False Why: ",
    ]);
  });
});
