import { beforeEach, describe, expect, it } from "vitest";
import type { PreferenceCanary } from "../../../src/api/v1alpha1/preference-canary.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { CANARY, digest } from "../../builders/canary.ts";
import type { CanaryStage } from "./canary-stage.ts";
import { dpo } from "./command-line.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const ALWAYS = { schedule: "* * * * *", duration: "1h" };
const PATIENT = { onNoData: { after: "480h" } };

const setStage = useCanaryStages();
let canary: CanaryStage;

beforeEach(async () => {
  canary = await setStage();
  await canary.applyWorkload();
});

function ready({ status }: Stored<PreferenceCanary>) {
  return findCondition(status?.conditions, "Ready");
}

function untilReason(reason: string): Promise<Stored<PreferenceCanary>> {
  return canary.until(reason, (now) => ready(now)?.reason === reason);
}

function untilMessage(pattern: RegExp): Promise<Stored<PreferenceCanary>> {
  return canary.until(`saying ${pattern}`, (now) => pattern.test(ready(now)?.message ?? ""));
}

/** Git. */
async function edit(spec: object): Promise<void> {
  await canary.patch({ spec });
}

async function idle(spec: Readonly<Record<string, unknown>>): Promise<void> {
  await canary.createCanary({ ...PATIENT, ...spec });
  await canary.start();
  await untilReason("Serving");
}

describe("people and the spec hold a candidate, and let it go on", () => {
  it("by a pause, a required gate, an approval, an order, spec.suspend, a freeze and a watch that is ended by a rollback", {
    timeout: 60_000,
  }, async () => {
    await idle({
      evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
      steps: [
        { name: "shadow", weight: 0, pause: { until: "2099-01-01T00:00:00Z" } },
        { name: "tenth", weight: 10, requires: ["safety"] },
        { name: "half", weight: 50, approval: "Required" },
      ],
      gates: { winRate: { minSamples: 30, maxSamples: 1000 }, safety: { minChecked: 20 } },
      deadline: "480h",
      windows: [{ ...ALWAYS, timeZone: "Europe/Berlin" }],
      freezes: [ALWAYS],
      afterPromotion: { watch: "24h" },
    });
    await canary.createJob("next", "b");
    const paused = await canary.until("in shadow", ({ status }) => status?.step?.name === "shadow");
    const { candidate, stable } = paused.status ?? {};
    const revision = candidate?.revision ?? "";
    await untilMessage(/waits until 2099-01-01T00:00:00Z, or .*dpo\.dev\/resume=\w+\/shadow and for safety to pass/);
    await canary.order("resume", `${revision}/shadow`);
    await untilMessage(/ and waits for safety to pass before step tenth/);
    await canary.check(20);
    await canary.until("half way", ({ status }) => status?.step?.name === "half");

    await canary.compare(1, 60);
    const both = /waits for the annotation dpo\.dev\/approve=\w+\/half and for a window in which it may be promoted/;
    await untilMessage(both);
    await canary.order("pause", revision);
    await untilReason("Paused");
    await canary.order("pause", null);
    await untilMessage(both);
    await canary.order("approve", `${revision}/half`);
    await untilReason("WindowClosed");
    await edit({ suspend: true });
    await untilReason("Suspended");
    await edit({ suspend: false });
    await untilReason("WindowClosed");

    await edit({ freezes: null });
    const watched = await untilReason("Watching");
    expect(watched.status).toMatchObject({ stable, weights: { desired: 100 } });
    await canary.order("rollback", revision);
    const back = await untilReason("RolledBack");
    expect(back.status).toMatchObject({ stable, history: [{ revision, outcome: "RolledBack" }] });
    expect(canary.faults()).toEqual([]);
  });

  it("until a newer model takes its place, or the deadline is over and somebody decides", async () => {
    await idle({
      steps: [{ name: "half", weight: 50 }],
      onNewCandidate: "Supersede",
      deadline: "80s",
      onInconclusive: "Hold",
      history: { limit: 2 },
    });
    await canary.createJob("train-1", "b");
    await canary.until("half way", ({ status }) => status?.step?.name === "half");
    await canary.createJob("train-2", "c");
    const newer = await canary.until(
      "superseded",
      ({ status }) => status?.candidate?.digest === digest("c") && status.step?.name === "half",
    );
    expect(newer.status?.history).toMatchObject([{ digest: digest("b"), outcome: "Superseded" }]);
    await untilReason("DeadlineExceeded");
    await canary.order("promote", newer.status?.candidate?.revision ?? "");
    const { status } = await untilReason("Promoted");
    expect(status?.stable?.digest).toBe(digest("c"));
    expect(status?.history?.map(({ outcome }) => outcome)).toEqual(["Promoted", "Superseded"]);
    expect(canary.faults()).toEqual([]);
  });

  it("by the command line, which gives every order", async () => {
    await idle({ steps: [{ name: "half", weight: 50, approval: "Required" }] });
    await canary.createJob("next", "b");
    const half = await canary.until("half way", ({ status }) => status?.step?.name === "half");
    const revision = half.status?.candidate?.revision ?? "";
    const name = `${canary.stage.namespace}/${CANARY}`;
    const order = async (verb: string) => {
      const { code, stdout, stderr } = await dpo(verb, name);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return stdout;
    };

    expect(await order("pause")).toBe(`preferencecanary ${CANARY}: dpo.dev/pause=${revision}\n`);
    await untilReason("Paused");
    await order("resume");
    await untilReason("InStep");
    await canary.compare(1, 60);
    await untilReason("AwaitingApproval");
    await order("rollback");
    await untilReason("RolledBack");
    await order("retry");
    const again = await canary.until("tried again", ({ status }) => status?.step?.name === "half");
    expect(again.status?.candidate?.revision).toBe(revision);
    await untilReason("AwaitingApproval");
    expect(await order("approve")).toContain(`dpo.dev/approve=${revision}/half`);
    await untilReason("Promoted");

    await canary.createJob("another", "c");
    await canary.until("half way once more", ({ status }) => status?.step?.name === "half");
    await order("promote");
    const { status } = await canary.until("promoted", (now) => now.status?.stable?.digest === digest("c"));
    expect(status?.history?.map(({ outcome }) => outcome)).toEqual(["Promoted", "Promoted", "RolledBack"]);
    expect(canary.faults()).toEqual([]);
  });
});
