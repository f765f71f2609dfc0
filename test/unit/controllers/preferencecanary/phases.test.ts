import { describe, expect, it } from "vitest";
import type { PreferenceCanaryStatus } from "../../../../src/api/v1alpha1/preference-canary.ts";
import { canarySpec, digest, modelUri, WORKLOAD } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { documented, said } from "../../docs/status-tables.ts";

/** Which phase goes with which Ready, Reconciling and Stalled. */
const TABLE: Readonly<Record<string, string>> = {
  Idle: "True False False",
  Promoted: "True False False",
  Progressing: "Unknown True False",
  Promoting: "Unknown True False",
  RollingBack: "Unknown True False",
  Paused: "False False False",
  RolledBack: "False False True",
  Stalled: "False False True",
};

function conditionsOf({ conditions }: PreferenceCanaryStatus): string {
  const status = (type: string) => conditions?.find((condition) => condition.type === type)?.status;
  return [status("Ready"), status("Reconciling"), status("Stalled")].join(" ");
}

/** A story in which every phase is seen. */
function story(): CanaryWorld {
  const world = new CanaryWorld(canarySpec());
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  world.edit({ suspend: true });
  world.settle(1);
  world.edit({ suspend: false });
  world.vote(Array<1>(60).fill(1));
  world.settle();
  world.job("train-2", "c", "2026-01-03T00:00:00Z");
  world.settle(30_000);
  world.vote(Array<0>(60).fill(0));
  world.settle();
  world.edit({
    model: {
      candidates: ["d", "e"].map((digit) => ({ name: `model-${digit}`, uri: modelUri(digit), digest: digest(digit) })),
    },
    selection: { minShare: 10 },
  });
  world.settle();
  world.edit({ model: { fromJobs: {} } });
  world.cluster.remove(world.cluster.deployments, WORKLOAD);
  world.settle();
  return world;
}

describe("a canary's phase", () => {
  const { statuses } = story();

  it("goes with the conditions that kstatus reads, in every status that was written", () => {
    for (const status of statuses)
      expect(`${status.phase}: ${conditionsOf(status)}`).toBe(`${status.phase}: ${TABLE[status.phase ?? ""]}`);
    expect(new Set(statuses.map(({ phase }) => phase))).toEqual(new Set(Object.keys(TABLE)));
  });

  it("is documented, with its reason", () => {
    const rows = documented("PreferenceCanary");
    for (const status of statuses) expect(rows).toContain(said(status as Parameters<typeof said>[0]));
  });

  it("has a message for whoever is on call: who serves, who is judged, and what is waited for", () => {
    const ready = ({ conditions }: PreferenceCanaryStatus) => conditions?.find(({ type }) => type === "Ready");
    const message = (phase: string) => {
      const isIt = (status: PreferenceCanaryStatus) => status.phase === phase && ready(status)?.reason !== "Selecting";
      return ready(statuses.findLast(isIt) ?? {})?.message ?? "";
    };
    const selecting = statuses.findLast((status) => ready(status)?.reason === "Selecting") ?? {};
    expect(ready(selecting)?.message).toMatch(
      /^One is to be chosen by comparisons with [0-9a-f]{10}, which serves all requests: model-d \([0-9a-f]{10}\) has no comparison yet; model-e \([0-9a-f]{10}\) has no comparison yet$/,
    );
    expect(message("Progressing")).toMatch(
      /^Candidate [0-9a-f]{10} is in step half \(50%\), 3 of 3, and waits for every gate to pass\. winRate: .*\. A weight counts as live 1 s after it is stored, as nobody can be asked: Gateway chat\/public has no address$/,
    );
    expect(message("Paused")).toMatch(/^It stays there while spec\.suspend is true\. Candidate [0-9a-f]{10} is /);
    expect(message("RollingBack")).toMatch(
      /^Taking candidate [0-9a-f]{10} back, [0-9a-f]{10} serves\. winRate: 0% of /,
    );
    expect(message("RolledBack")).toMatch(
      /^Revision [0-9a-f]{10} serves all requests\. winRate: .*dpo\.dev\/retry=[0-9a-f]{10}$/,
    );
    expect(message("Stalled")).toMatch(/^There is no Deployment assistant-template in this namespace/);
  });

  it("never has two conditions of a kind, and moves a transition time with the status only", () => {
    for (const { conditions = [] } of statuses)
      expect(new Set(conditions.map(({ type }) => type)).size).toBe(conditions.length);
    for (const [i, { conditions = [] }] of statuses.entries()) {
      for (const condition of conditions) {
        const before = statuses[i - 1]?.conditions?.find(({ type }) => type === condition.type);
        if (before?.status === condition.status) expect(condition.lastTransitionTime).toBe(before.lastTransitionTime);
      }
    }
  });
});
