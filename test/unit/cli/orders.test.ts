import { describe, expect, it } from "vitest";
import type { PreferenceCanaryStatus } from "../../../src/api/v1alpha1/preference-canary.ts";
import { annotationsOf, type Order } from "../../../src/cli/orders/orders.ts";
import { canaryObject, canarySpec } from "../../builders/canary.ts";

const REVISION = "bbbbbbbbbb";
const running: PreferenceCanaryStatus = {
  phase: "Progressing",
  candidate: { revision: REVISION, digest: "" },
  step: { name: "half", index: 1, of: 2 },
};
const ended = { revision: REVISION, digest: "", time: "2026-01-01T00:00:00Z", message: "" };
const rolledBack: PreferenceCanaryStatus = { phase: "RolledBack", lastRun: { ...ended, outcome: "RolledBack" } };
const steps = [
  { name: "shadow", weight: 0, pause: { until: "2026-02-01T00:00:00Z" } },
  { name: "half", weight: 50, approval: "Required" },
];

function ordered(order: Order, status = running, annotations: Readonly<Record<string, string>> = {}) {
  return annotationsOf(order, { ...canaryObject(canarySpec({ steps }), { annotations }), status });
}

describe("an order from the command line", () => {
  it.each(["pause", "promote", "rollback"] as const)("to %s names the candidate", (verb) => {
    expect(ordered({ verb })).toEqual({ [`dpo.dev/${verb}`]: REVISION });
  });

  it("in a selection is for the contender that is named, and for none unless it is", () => {
    const common = { digest: "", state: "Compared" as const, gates: [], message: "" };
    const contenders = [
      { ...common, name: "red", revision: "aaaaaaaaaa" },
      { ...common, name: "green", revision: REVISION },
    ];
    const selecting: PreferenceCanaryStatus = { phase: "Progressing", contenders };
    expect(ordered({ verb: "rollback", revision: REVISION }, selecting)).toEqual({ "dpo.dev/rollback": REVISION });
    for (const order of [{ verb: "promote" }, { verb: "promote", revision: "cccccccccc" }] as const)
      expect(() => ordered(order, selecting)).toThrow(
        "name the one to promote with --revision: aaaaaaaaaa (red), bbbbbbbbbb",
      );
  });

  it("to approve is for the step that the candidate is in, and keeps what was approved of this revision", () => {
    expect(ordered({ verb: "approve" })).toEqual({ "dpo.dev/approve": `${REVISION}/half` });
    const standing = { "dpo.dev/approve": `aaaaaaaaaa/half, ${REVISION}/shadow` };
    expect(ordered({ verb: "approve" }, running, standing)).toEqual({
      "dpo.dev/approve": `${REVISION}/shadow,${REVISION}/half`,
    });
  });

  it("to go further takes the order to try again off, beside which it would not count", () => {
    const standing = { "dpo.dev/retry": REVISION };
    expect(ordered({ verb: "promote" }, running, standing)).toEqual({
      "dpo.dev/promote": REVISION,
      "dpo.dev/retry": null,
    });
    expect(ordered({ verb: "approve" }, running, standing)).toMatchObject({ "dpo.dev/retry": null });
  });

  it("to go further leaves no approval of the try before that would count from then on", () => {
    const standing = { "dpo.dev/retry": REVISION, "dpo.dev/approve": `${REVISION}/later,${REVISION}/shadow` };
    expect(ordered({ verb: "approve" }, running, standing)).toEqual({
      "dpo.dev/approve": `${REVISION}/half`,
      "dpo.dev/retry": null,
    });
    expect(ordered({ verb: "resume", step: "shadow" }, running, standing)).toEqual({
      "dpo.dev/resume": `${REVISION}/shadow`,
      "dpo.dev/approve": null,
      "dpo.dev/retry": null,
    });
  });

  it("to go further leaves no other order of the try before that would count from then on", () => {
    const before = {
      "dpo.dev/approve": `${REVISION}/half`,
      "dpo.dev/promote": REVISION,
      "dpo.dev/resume": `${REVISION}/shadow`,
    };
    const given = {
      approve: [{ verb: "approve" }, `${REVISION}/half`],
      promote: [{ verb: "promote" }, REVISION],
      resume: [{ verb: "resume", step: "shadow" }, `${REVISION}/shadow`],
    } as const;
    for (const [verb, [order, value]] of Object.entries(given)) {
      expect(ordered(order, running, { "dpo.dev/retry": REVISION, ...before })).toEqual({
        "dpo.dev/approve": null,
        "dpo.dev/promote": null,
        "dpo.dev/resume": null,
        "dpo.dev/retry": null,
        [`dpo.dev/${verb}`]: value,
      });
    }
  });

  it("to resume takes an order to pause off, or ends the step's own pause", () => {
    expect(ordered({ verb: "resume" }, running, { "dpo.dev/pause": REVISION })).toEqual({ "dpo.dev/pause": null });
    expect(ordered({ verb: "resume", step: "shadow" })).toEqual({ "dpo.dev/resume": `${REVISION}/shadow` });
    expect(() => ordered({ verb: "resume" })).toThrow("nothing is paused");
  });

  it("to resume has somebody else's change of the route written back, of the generation that was seen", () => {
    const held = { ...running, foreignWrite: { generation: 7 } };
    const before = { "dpo.dev/resume": `${REVISION}/shadow,route/5` };
    expect(ordered({ verb: "resume" }, held, before)).toEqual({ "dpo.dev/resume": `${REVISION}/shadow,route/7` });
    expect(ordered({ verb: "resume" }, { foreignWrite: { generation: 7 } })).toEqual({ "dpo.dev/resume": "route/7" });
    expect(ordered({ verb: "resume", step: "shadow" }, held)).toEqual({ "dpo.dev/resume": `${REVISION}/shadow` });
  });

  it("to try again names what was rejected last, and takes the order to roll it back off", () => {
    expect(ordered({ verb: "retry" }, rolledBack)).toEqual({ "dpo.dev/retry": REVISION });
    expect(ordered({ verb: "retry" }, rolledBack, { "dpo.dev/rollback": REVISION })).toEqual({
      "dpo.dev/retry": REVISION,
      "dpo.dev/rollback": null,
    });
    const earlier = {
      "dpo.dev/promote": REVISION,
      "dpo.dev/approve": `${REVISION}/half`,
      "dpo.dev/pause": "aaaaaaaaaa",
    };
    expect(ordered({ verb: "retry" }, rolledBack, earlier)).toEqual({
      "dpo.dev/retry": REVISION,
      "dpo.dev/promote": null,
    });
    expect(() => ordered({ verb: "retry" })).toThrow("name what is to be tried again with --revision");
  });

  it("is refused where it could only be for something else", () => {
    expect(() => ordered({ verb: "promote" }, rolledBack)).toThrow("there is no candidate to promote: RolledBack");
    expect(() => ordered({ verb: "promote", revision: "aaaaaaaaaa" })).toThrow("the candidate is bbbbbbbbbb");
    expect(() => ordered({ verb: "approve", step: "third" })).toThrow("there is no step third: one of shadow, half");
  });
});
