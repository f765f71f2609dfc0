import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { GatedComparison } from "../../../../src/api/contracts/collector-api.ts";
import { NO_EVIDENCE } from "../../../../src/controllers/preferencecanary/evidence/evidence.ts";
import { createFoldedGates } from "../../../../src/controllers/preferencecanary/gates/folded-gates.ts";
import {
  cursorsOf,
  foldGates,
  type GateStatus,
  remembered,
} from "../../../../src/controllers/preferencecanary/gates/gates.ts";
import { canaryObject } from "../../../builders/canary.ts";

const { spec } = canaryObject();
const candidate = { revision: "bbbbbbbbbb", state: "Running", sameModel: false } as const;
const key = { namespace: "chat", name: "assistant" };

function comparison(sequence: number, outcome: 0 | 1): GatedComparison {
  return { sequence, id: `c${sequence}`, at: "2026-01-01T00:00:00.000Z", outcome, vote: 1, raterVote: 1, cohort: null };
}

/** A canary whose status is written now and then, or is lost, and what is folded of it. */
function run() {
  const records: GatedComparison[] = [];
  let status: readonly GateStatus[] = [];
  let process = createFoldedGates();

  function fold(folded: readonly GateStatus[]): readonly GateStatus[] {
    const from = cursorsOf(spec, candidate, folded).comparisons ?? null;
    const news = records.filter(({ sequence }) => sequence > (from?.sequence ?? 0));
    const evidence = { ...NO_EVIDENCE, comparisons: { from, records: news, access: { type: "Readable" } as const } };
    return foldGates(spec, candidate, folded, evidence, { now: new Date(0), silence: undefined });
  }

  const inStatus = () => remembered(spec, candidate, status);
  const latest = (tried = "one run") => process.latest(key, tried, inStatus());
  return {
    inStatus,
    /** Up to which record. */
    until: (tried?: string) => latest(tried)[0]?.cursor?.sequence ?? 0,
    hear: (outcome: 0 | 1) => void records.push(comparison(records.length + 1, outcome)),
    /** What a pass makes of all there is, and what it would have made of it after what status has. */
    pass() {
      const gates = fold(latest());
      process.keep(key, gates);
      return { gates, anew: fold(inStatus()) };
    },
    /** As the API server gives it back. */
    write(gates: readonly GateStatus[]) {
      status = structuredClone(gates);
    },
    restart() {
      process = createFoldedGates();
    },
    forget: () => process.forget(key),
  };
}

const actions = fc.constantFrom(
  "candidate wins",
  "stable wins",
  "pass",
  "pass that writes",
  "read again",
  "edited",
  "lost",
  "restart",
);

it("comes to what folding from status comes to, whatever is written there, and whenever processes begin", () => {
  fc.assert(
    fc.property(fc.array(actions, { maxLength: 60 }), (story) => {
      const { hear, pass, write, restart, inStatus } = run();
      for (const action of [...story, "pass"]) {
        if (action === "candidate wins") hear(1);
        if (action === "stable wins") hear(0);
        if (action === "read again") write(inStatus());
        if (action === "edited") write(inStatus().map((gate) => ({ ...gate, samples: gate.samples + 1 })));
        if (action === "lost") write([]);
        if (action === "restart") restart();
        if (!action.startsWith("pass")) continue;
        const { gates, anew } = pass();
        expect(gates).toEqual(anew);
        if (action === "pass that writes") write(gates);
      }
    }),
  );
});

it("goes on from the last pass while status remembers what it did, and from status once that is something else", () => {
  const { hear, pass, write, until, inStatus } = run();
  hear(1);
  const { gates: first } = pass();
  write(first);
  hear(0);
  const { gates: second } = pass();
  expect(until()).toBe(2);
  // Somebody has annotated it, say.
  write(inStatus());
  expect(until()).toBe(2);
  write(second);
  expect(until()).toBe(2);
  hear(1);
  pass();
  expect(until()).toBe(3);
  write(first);
  expect(until()).toBe(1);
});

it("goes on from status in another run, and in the same one once it was forgotten", () => {
  const { hear, pass, until, forget } = run();
  hear(1);
  pass();
  expect(until("another run")).toBe(0);
  expect(until()).toBe(0);
  pass();
  expect(until()).toBe(1);
  forget();
  expect(until()).toBe(0);
});
